import { lstat, mkdir, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { writeFileAtomic } from "../../disk/atomic.js";
import { ensurePrivateFolder, syncFolder } from "../../disk/folder.js";
import { diskOperations, exists, hasCode } from "../../disk/operations.js";
import { moveInto, removeTree, renameFile } from "../../disk/remove.js";
import { BackupError } from "./backupError.js";
import { copyFromBackup, type Backup } from "./readBackup.js";
import { readJsonFile } from "../jsonFile.js";

/** What a restore replaces in a data folder. Everything else there (logs, locks) stays. */
const REPLACED = ["journal", "snapshots", "content", "checkpoints", "sessions", "uptime.json"] as const;
/** What was made of the former state, and is made again. */
const COPIES = ["search"] as const;
/** In the data folder, so that every rename stays on one file system. */
const PARTIAL = "restore.partial";
const READY = "restore.ready";
const NOTE = "restore.json";
const NOTE_BYTES = 64 * 1024;

/** What is written down of a restore from the moment on from which it counts. */
export interface RestoreNote {
  /** The last event of the state that was restored. */
  readonly seq: number;
  /** The folder in which the former state is kept; null where there was none. */
  readonly aside: string | null;
}

/** Whether a data folder holds anything that a restore would replace. */
export async function hasState(dataDir: string): Promise<boolean> {
  for (const name of ["journal", "snapshots", "content", "checkpoints", "sessions"]) {
    if ((await namesIn(join(dataDir, name))).length > 0) return true;
  }
  return false;
}

/** Whether a restore counts already and has not come to its end. */
export function isRestoring(dataDir: string): Promise<boolean> {
  return exists(join(dataDir, READY), diskOperations);
}

/**
 * Copies a backup into the data folder, beside the state that is there, and answers where it is. Nothing counts yet.
 *
 * @throws {BackupError} where a file is not as the manifest says
 */
export async function stageBackup(dataDir: string, backup: Backup): Promise<string> {
  await discardStaged(dataDir);
  const staged = join(dataDir, PARTIAL);
  const folders = new Set<string>([staged]);
  // The files for people are made anew by the next start: those of another state must not stay.
  for (const name of REPLACED.slice(0, -1)) folders.add(join(staged, name));
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const file of backup.files) {
    const to = join(staged, file.name);
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    for (let folder = dirname(to); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
    await copyFromBackup(backup, file, to);
  }
  for (const folder of folders) await syncFolder(folder);
  return staged;
}

/** Removes what was staged and never counted, with the empty folder that was made for the former state. */
export async function discardStaged(dataDir: string): Promise<void> {
  if (!(await exists(join(dataDir, PARTIAL), diskOperations))) return;
  const read = await readJsonFile(join(dataDir, PARTIAL, NOTE), NOTE_BYTES);
  const aside = "value" in read ? (read.value as RestoreNote).aside : null;
  // Nothing is moved there before the restore counts: where something lies in it, it is not the one that was made.
  const isEmpty = aside !== null && (await readdir(aside).catch(() => [""])).length === 0;
  if (isEmpty) await removeTree(dirname(aside), basename(aside));
  await removeTree(dataDir, PARTIAL);
}

/**
 * Makes a folder for the state that is there: beside the data folder, or in it where that cannot be, because the data
 * folder is a file system of its own, or what it lies in is not to be written by the user. Which one is written down
 * beside what was staged before it is made, so that it goes with that after a crash.
 */
export async function makeAside(
  dataDir: string,
  { seq, nowMs }: { readonly seq: number; readonly nowMs: number },
): Promise<string> {
  const make = async (prefix: string): Promise<string> => {
    const aside = await newName(prefix, nowMs);
    await writeNote(dataDir, { seq, aside });
    await ensurePrivateFolder(aside);
    return aside;
  };
  const isOneFileSystem = (await lstat(dirname(dataDir))).dev === (await lstat(dataDir)).dev;
  try {
    if (isOneFileSystem) return await make(`${dataDir}.`);
  } catch (error) {
    if (!hasCode(error, "EACCES", "EPERM", "EROFS")) throw error;
  }
  return make(join(dataDir, "/"));
}

/** Never one that is there already: it may hold another former state. */
async function newName(prefix: string, nowMs: number): Promise<string> {
  for (let ms = nowMs; ; ms += 1) {
    const path = `${prefix}before-restore-${new Date(ms).toISOString().replaceAll(/[-:.]/g, "")}`;
    if (!(await exists(path, diskOperations))) return path;
  }
}

function writeNote(dataDir: string, note: RestoreNote): Promise<void> {
  return writeFileAtomic(join(dataDir, PARTIAL, NOTE), `${JSON.stringify(note)}\n`);
}

/** From here on what was staged counts, whatever happens: `finishRestore` brings it to its places. */
export async function commitStaged(dataDir: string, note: RestoreNote): Promise<void> {
  await writeNote(dataDir, note);
  await renameFile(join(dataDir, PARTIAL), join(dataDir, READY));
}

/**
 * Brings a restore to its end that counts: moves the former state aside and the restored one to its places, name by
 * name. A crash anywhere in here leaves what the next call goes on with, so it is the first thing that a start does.
 * Also removes what was staged and never counted. Answers what was restored, if anything.
 *
 * @throws {BackupError} where the note of the restore cannot be read
 */
export async function finishRestore(dataDir: string): Promise<RestoreNote | undefined> {
  await discardStaged(dataDir);
  if (!(await isRestoring(dataDir))) return undefined;
  const ready = join(dataDir, READY);
  const names = await namesIn(ready);
  // What is not there any more was moved by an earlier call; the note goes when nothing else is left.
  const left = REPLACED.filter((name) => names.includes(name));
  const note = left.length === 0 && !names.includes(NOTE) ? undefined : await readNote(join(ready, NOTE));
  const aside = note?.aside ?? null;
  // What is only a copy of the former state is of no use to this one, and is made again.
  for (const name of COPIES) await removeTree(dataDir, name);
  for (const name of left) {
    if (aside !== null && (await exists(join(dataDir, name), diskOperations))) {
      await ensurePrivateFolder(aside);
      await moveInto(aside, dataDir, name);
    }
    await moveInto(dataDir, ready, name);
  }
  await removeTree(dataDir, READY);
  return note;
}

async function readNote(path: string): Promise<RestoreNote> {
  const read = await readJsonFile(path, NOTE_BYTES);
  if ("value" in read) return read.value as RestoreNote;
  const fault = "fault" in read ? read.fault : "it is missing";
  const hint = `the restored state is in ${dirname(path)}: move what is in there to the data folder by hand`;
  throw new BackupError("restore_damaged", `${path}: ${fault}.`, hint);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
