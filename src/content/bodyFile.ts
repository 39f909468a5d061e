import { constants } from "node:fs";
import { dirname } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

import { AppendFile } from "../disk/appendFile.js";
import { checkedLine, parseCheckedLine, verifyCheckedLine } from "../disk/checkedLine.js";
import { ensurePrivateFolder, syncFolder } from "../disk/folder.js";
import { readLines, readLinesBackward, type Line } from "../disk/lines.js";
import { diskOperations, exists, hasCode, type DiskOperations } from "../disk/operations.js";
import { compressedPath, expandFile } from "./compressedFile.js";

/** Characters that are made in one turn of the loop: more than can come in during one, so that saves keep up. */
const SLICE_LENGTH = 1024 * 1024;

/** A body: one JSON object with the seq of the event that it belongs to. */
export interface Body {
  readonly seq: number;
}

/** One line of a body file as it was found. */
export type FoundBody<B extends Body> =
  | { readonly body: B; readonly offset: number; readonly endOffset: number }
  | { readonly damaged: true; readonly offset: number; readonly endOffset: number };

/**
 * Brings bodies to the end of a file, durably. They are all that the journal still has for it, in the order
 * of their seqs, so whatever the file holds from the first of them on was left by a save that did not come to
 * its end. It is written anew and never trusted: after a power cut there may be holes in it, and after a sync
 * that failed it may be in the cache alone. Lines before it stay as they are; each carries its own check, so
 * damage to one leaves the others readable.
 */
export async function appendBodies(
  path: string,
  bodies: readonly Body[],
  operations: DiskOperations = diskOperations,
): Promise<void> {
  const first = bodies[0];
  if (first === undefined) return;
  const bytes = await linesOf(bodies);
  const fd = await openOrCreate(path, operations);
  let savedBytes: number;
  try {
    savedBytes = await findSavedBytes(path, first.seq, operations);
    const { size } = await operations.lstat(path);
    const file = new AppendFile(path, fd, savedBytes, operations);
    file.append(bytes);
    // Cut last: what is written over is mostly the same, and somebody may be reading it.
    const endOffset = savedBytes + bytes.length;
    if (endOffset < size) await operations.ftruncate(fd, endOffset);
    await new Promise<void>((resolve, reject) => {
      file.sync((error) => (error === null ? resolve() : reject(error)));
    });
  } finally {
    await operations.close(fd);
  }
  if (savedBytes > 0) return;
  // Nothing was saved before, so the file may be new, and its folder too, whoever made them.
  const folder = dirname(path);
  await syncFolder(folder, operations);
  await syncFolder(dirname(folder), operations);
}

/**
 * Reads bodies in the order of their seqs, or the newest first; `from` and `to` are offsets of lines. What is
 * torn at the end was never saved, so the journal still has it, and it is left out. A file that is not there
 * holds none.
 */
export async function* readBodies<B extends Body>(
  path: string,
  options: { readonly order: "newest" | "oldest"; readonly from?: number; readonly to?: number },
): AsyncGenerator<FoundBody<B>> {
  const { order, from, to } = options;
  const lines =
    order === "oldest"
      ? readLines(path, from === undefined ? {} : { from })
      : readLinesBackward(path, to === undefined ? {} : { to });
  // Only what nothing but torn lines follow is torn: backward that is known, forward it shows later.
  let isAtEnd = order === "newest" && to === undefined;
  let maybeTorn: FoundBody<B>[] = [];
  try {
    for await (const line of lines) {
      const found = foundIn<B>(line);
      const looksTorn = !("body" in found) && isTorn(line);
      if (looksTorn && isAtEnd) continue;
      isAtEnd = false;
      if (looksTorn && order === "oldest") {
        maybeTorn.push(found);
        continue;
      }
      yield* maybeTorn;
      maybeTorn = [];
      yield found;
    }
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

/**
 * How much of a body file comes before the body of `beforeSeq`, in bytes. What a later save writes comes behind it, so
 * this part of the file never changes. A file that is not there has none.
 */
export async function bytesBefore(
  path: string,
  beforeSeq: number,
  operations: DiskOperations = diskOperations,
): Promise<number> {
  try {
    return await findSavedBytes(path, beforeSeq, operations);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return 0;
    throw error;
  }
}

/** Bodies as checked lines, a slice in each turn of the loop: many wait where much is said, and nobody else should. */
async function linesOf(bodies: readonly Body[]): Promise<Buffer> {
  const slices: Buffer[] = [];
  let text = "";
  for (const body of bodies) {
    text += checkedLine(body, 0).line;
    if (text.length < SLICE_LENGTH) continue;
    slices.push(Buffer.from(text));
    text = "";
    await turn();
  }
  slices.push(Buffer.from(text));
  return Buffer.concat(slices);
}

async function openOrCreate(path: string, operations: DiskOperations): Promise<number> {
  const flags = constants.O_RDWR | constants.O_NOFOLLOW;
  const folder = dirname(path);
  try {
    // What a link leads to is none of the session's own, and saving would write over it.
    if (!(await isLink(folder, operations))) return await operations.open(path, flags, 0o600);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  await ensurePrivateFolder(folder, operations);
  // What was compressed has the bodies before these: a new file beside it would count, and be without them.
  if (await exists(compressedPath(path), operations)) await expandFile(path, { operations });
  return operations.open(path, flags | constants.O_CREAT, 0o600);
}

async function isLink(path: string, operations: DiskOperations): Promise<boolean> {
  return (await operations.lstat(path)).isSymbolicLink();
}

/** How much of the file comes before the line of `firstSeq`, where that is or where it belongs. */
async function findSavedBytes(path: string, firstSeq: number, operations: DiskOperations): Promise<number> {
  let savedBytes = (await operations.lstat(path)).size;
  for await (const line of readLinesBackward(path, { operations })) {
    const found = foundIn(line);
    if ("body" in found && found.body.seq < firstSeq) break;
    // A damaged line does not tell its seq. It stays, unless it stands behind one that does not.
    if ("body" in found || isTorn(line)) savedBytes = line.offset;
  }
  return savedBytes;
}

/** The body in a line of such a file, held against its checksum. */
export function foundIn<B extends Body>(line: Line): FoundBody<B> {
  const { offset, bytes, terminated } = line;
  const place = { offset, endOffset: offset + bytes.length + 1 };
  if (!terminated || verifyCheckedLine(bytes, 0) === undefined) return { damaged: true, ...place };
  const { crc: _, ...body } = parseCheckedLine(bytes);
  return { body: body as unknown as B, ...place };
}

/** Whether a power cut may have left the line like this: without an end, or with pages that were never written. */
function isTorn(line: Line): boolean {
  return !line.terminated || line.bytes.includes(0);
}
