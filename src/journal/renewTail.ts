import { constants } from "node:fs";
import type { AppendFile } from "../disk/appendFile.js";
import { readFully } from "../disk/lines.js";
import { hasCode, type DiskOperations } from "../disk/operations.js";
import { PendingFile } from "../disk/pendingFile.js";
import { removeFile } from "../disk/remove.js";
import { beginSegment } from "./beginSegment.js";
import { copyBytes } from "./copyBytes.js";
import { JournalUnavailableError } from "./errors.js";
import { tornPath } from "./names.js";
import type { ReplayedTail } from "./replay.js";
import type { Position, Segment } from "./segment.js";
import type { SegmentChain } from "./segmentChain.js";
import type { SetAside } from "./types.js";

const NEWLINE = 0x0a;

export interface RenewOptions {
  readonly journalDir: string;
  readonly rewriteBytes: number;
  readonly nowMs: () => number;
  readonly onTorn: (notice: SetAside) => void;
  readonly releaseReserve: () => void;
  readonly operations: DiskOperations;
}

/**
 * Makes what was replayed durable: everything that nothing claims to be so goes into a new segment, which
 * seals the last one there. A small last segment is written anew as a whole and replaced, or a thousand
 * starts would leave a thousand segments. What is torn is kept aside first.
 */
export async function renewTail(
  options: RenewOptions,
  { segments: chain, tornHeader }: SegmentChain,
  tail: ReplayedTail,
): Promise<{ readonly segments: Segment[]; readonly file: AppendFile }> {
  const { journalDir, rewriteBytes, nowMs, operations } = options;
  const last = chain.at(-1);
  if (last !== undefined && tail.torn !== undefined) {
    const savedAs = tornPath(journalDir, tail.end.seq + 1);
    await setAside(options, { kind: "torn-tail", file: last.path, ...tail.torn, savedAs });
  }
  if (tornHeader !== undefined) {
    const { first, path } = tornHeader;
    const reason = "the header of a new segment is torn";
    const savedAs = tornPath(journalDir, first);
    await setAside(options, { kind: "torn-tail", file: path, offset: 0, reason, savedAs });
    await removeFile(path, operations);
  }
  const start = last && { seq: last.header.first - 1, offset: last.recordsAt, chain: last.header.chain };
  const from = start && tail.end.offset <= rewriteBytes ? start : tail.claimed;
  const replaces = from.seq === start?.seq;
  const sealed = last && { first: last.header.first, sizeBytes: from.offset };
  const previous = (replaces ? last?.header.previous : sealed) ?? null;
  const header = { first: from.seq + 1, chain: from.chain, previous };
  const records = last ? await readRecords(last.path, from, tail.end, operations) : Buffer.alloc(0);
  const { segment, file } = await withReserve(options, () =>
    beginSegment(journalDir, header, records, nowMs(), operations),
  );
  if (replaces) return { segments: [...tail.segments.slice(0, -1), segment], file };
  const before = tail.segments.at(-1);
  if (before !== undefined) before.sizeBytes = from.offset;
  return { segments: [...tail.segments, segment], file };
}

async function setAside(options: RenewOptions, notice: SetAside): Promise<void> {
  const { file, offset, savedAs } = notice;
  await withReserve(options, () => saveTail(file, offset, savedAs, options.operations));
  options.onTorn(notice);
}

/** A disk that is full must not keep the daemon from starting while there is a reserve. */
async function withReserve<Result>(options: RenewOptions, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isFull(error)) throw error;
    options.releaseReserve();
    return work().catch((second: unknown) => {
      throw isFull(second) ? noRoom(options.journalDir, second as Error) : second;
    });
  }
}

function isFull(error: unknown): boolean {
  return hasCode(error, "ENOSPC", "EDQUOT");
}

function noRoom(journalDir: string, cause: Error): Error {
  const reason =
    `the disk of ${journalDir} is full (${cause.message}), and a start has to write the end of the journal anew. ` +
    "Nothing is lost. Free some megabytes there and start again.";
  return new JournalUnavailableError(reason, cause);
}

/** The lines between two places of a file, byte by byte, with the newline that the last one may lack. */
async function readRecords(
  path: string,
  from: Position,
  to: Position,
  operations: DiskOperations,
): Promise<Buffer> {
  if (from.offset === to.offset) return Buffer.alloc(0);
  const { size } = await operations.lstat(path);
  const fd = await operations.open(path, constants.O_RDONLY);
  try {
    const length = Math.min(to.offset, size) - from.offset;
    const bytes = await readFully(operations, { path, fd }, from.offset, length);
    if (bytes.at(-1) === NEWLINE) return bytes;
    // Where the newline should be there is the end of the file, or a zero of the room behind it.
    const line = bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes;
    return Buffer.concat([line, Buffer.from("\n")]);
  } finally {
    await operations.close(fd);
  }
}

/** Keeps the bytes from the offset to the end of a file in another one, for people. */
async function saveTail(
  path: string,
  offset: number,
  savedAs: string,
  operations: DiskOperations,
): Promise<void> {
  const saved = await PendingFile.create(savedAs, 0o600, operations);
  try {
    await copyBytes(path, { from: offset }, saved, operations);
    await saved.publish();
  } catch (error) {
    await saved.discard();
    throw error;
  }
  await saved.close();
}
