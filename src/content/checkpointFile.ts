import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

import { writeFileAtomic } from "../disk/atomic.js";
import { checkedLine, parseCheckedLine, verifyCheckedLine } from "../disk/checkedLine.js";
import { ensurePrivateFolder, syncFolder } from "../disk/folder.js";
import { diskOperations, exists, hasCode, type DiskOperations } from "../disk/operations.js";
import { removePending } from "../disk/pendingFile.js";
import { NotReadableAsFileError, readWholeFile } from "../disk/readWhole.js";
import { removeFile, removeTree } from "../disk/remove.js";
import type { FolderOwner } from "./places.js";
import { STAGING } from "./staging.js";

/** A checkpoint as its file has it. What the value means is the business of others. */
export interface StoredCheckpoint {
  /** Made by the daemon: lower case, so that no two are one file where capitals do not count. */
  readonly checkpointId: string;
  /** Of the event that made it. */
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly value: object;
}

/** What is asked for when one is read. */
type WantedCheckpoint = Pick<StoredCheckpoint, "checkpointId" | "seq"> & {
  /** It was written before its session was there, and names this instead. */
  readonly staged?: string | undefined;
};

/** A checkpoint as it was read; `fault` says for people why it cannot be used. */
export type ReadCheckpoint = { readonly value: object } | { readonly fault: string };

const FORMAT = "sessiond-checkpoint";
const VERSION = 1;
const NEWLINE = 0x0a;
/** Larger than what the limits of a session can come to, whatever UTF-8 and JSON make of it. */
const FILE_BYTES = 16 * 1024 * 1024;

/** Those of the owners of which checkpoints lie on disk. */
export async function withCheckpoints(
  checkpointsDir: string,
  owners: readonly FolderOwner[],
): Promise<ReadonlySet<FolderOwner>> {
  const names = owners.length === 0 ? [] : await readdir(checkpointsDir);
  const folders = new Set(names);
  return new Set(owners.filter((owner) => folders.has(checkpointFolderName(owner))));
}

/** The name of the folder with a session's checkpoints: as in `content/`, and like its file in `sessions/`. */
export function checkpointFolderName({ sessionId, createdSeq }: FolderOwner): string {
  return `session_${sessionId}~${createdSeq}`;
}

/** Where a checkpoint lies. */
export function checkpointPath(checkpointsDir: string, owner: FolderOwner, checkpointId: string): string {
  return join(checkpointsDir, checkpointFolderName(owner), `${checkpointId}.json`);
}

/**
 * Writes a checkpoint, whole or not at all, durably. One that is there already is replaced, unless it is this very one: a
 * daemon that is killed again and again has all of them to save after each start, and would come to no end of it if it
 * wrote them anew. What a crash left of earlier tries is removed. One at a time in a folder.
 */
export async function writeCheckpoint(
  checkpointsDir: string,
  owner: FolderOwner,
  checkpoint: StoredCheckpoint,
  operations: DiskOperations = diskOperations,
): Promise<void> {
  const { checkpointId, seq, at, value } = checkpoint;
  const path = checkpointPath(checkpointsDir, owner, checkpointId);
  const { sessionId, createdSeq } = owner;
  const header = { format: FORMAT, version: VERSION, sessionId, createdSeq, checkpointId, seq, at };
  await ensurePrivateFolder(dirname(path), operations);
  await removePending(path, operations);
  const found = await readCheckpoint(checkpointsDir, owner, checkpoint);
  // The daemon that wrote it may have been killed before its name was durable.
  if ("value" in found) return syncFolder(dirname(path), operations);
  await writeFileAtomic(path, checkedLine({ ...header, value }, 0).line, { operations });
}

/** Writes one of a session that is still to be made: it names the token under which it is staged, and no session. */
export async function stageCheckpoint(
  checkpointsDir: string,
  staged: string,
  { checkpointId, seq, at, value }: StoredCheckpoint,
): Promise<void> {
  const folder = join(checkpointsDir, STAGING, staged);
  const header = { format: FORMAT, version: VERSION, staged, checkpointId, seq, at };
  await ensurePrivateFolder(folder);
  const { line } = checkedLine({ ...header, value }, 0);
  await writeFileAtomic(join(folder, `${checkpointId}.json`), line, {});
}

/**
 * Reads a checkpoint, and holds every bit of it against its checksum.
 *
 * @throws what the system says where the file cannot be opened for a reason that may pass
 */
export async function readCheckpoint(
  checkpointsDir: string,
  owner: FolderOwner,
  { checkpointId, seq, staged }: WantedCheckpoint,
): Promise<ReadCheckpoint> {
  let bytes: Buffer;
  try {
    bytes = await readWholeFile(checkpointPath(checkpointsDir, owner, checkpointId), FILE_BYTES);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return { fault: "its file is missing" };
    if (hasCode(error, "EIO")) return { fault: "the disk cannot read its file" };
    // Somebody put a link there after the look.
    if (hasCode(error, "ELOOP")) return { fault: "its file is a symbolic link" };
    if (error instanceof NotReadableAsFileError) return { fault: `where its file was: ${error.message}` };
    throw error;
  }
  const isWhole = bytes.at(-1) === NEWLINE && verifyCheckedLine(bytes.subarray(0, -1), 0) !== undefined;
  if (!isWhole) return { fault: "its file fails its checksum" };
  const found = parseCheckedLine(bytes.subarray(0, -1));
  const { format, version } = found;
  if (format !== FORMAT || version !== VERSION) {
    const its = `${String(format)} ${String(version)}`;
    return { fault: `its file has format ${its}, and this sessiond knows ${FORMAT} ${VERSION}` };
  }
  const { sessionId, createdSeq } = owner;
  const named = staged === undefined ? { sessionId, createdSeq } : { staged };
  const expected = { ...named, checkpointId, seq };
  const isIts = Object.entries(expected).every(([key, value]) => found[key] === value);
  return isIts ? { value: found["value"] as object } : { fault: "its file is that of another checkpoint" };
}

/** Removes a checkpoint, and what a crash left of it half written. One that is not there is fine. */
export async function removeCheckpoint(
  checkpointsDir: string,
  owner: FolderOwner,
  checkpointId: string,
): Promise<void> {
  const path = checkpointPath(checkpointsDir, owner, checkpointId);
  await removePending(path, diskOperations);
  await removeFile(path);
}

/** Removes all checkpoints of a session that was deleted, and nothing else. */
export async function removeCheckpoints(checkpointsDir: string, owner: FolderOwner): Promise<void> {
  const name = checkpointFolderName(owner);
  // Most sessions have none, and to look is cheaper than to sync the folder of all of them.
  if (await exists(join(checkpointsDir, name), diskOperations)) await removeTree(checkpointsDir, name);
}
