import { ensurePrivateFolder } from "../disk/folder.js";
import { diskOperations, type DiskOperations } from "../disk/operations.js";
import { beginSegment } from "./beginSegment.js";
import { numberedPath } from "./names.js";
import { writeSnapshotFile } from "./snapshotFile.js";
import type { JournalPosition } from "./types.js";

/** Where a copy of the state goes: two folders that hold nothing yet. */
export interface StateCopyOptions {
  readonly journalDir: string;
  readonly snapshotDir: string;
  readonly nowMs: number;
  readonly operations?: DiskOperations;
}

/**
 * Writes a state as a journal of its own, durably: a snapshot at that place, and the segment that begins behind it,
 * without a record. A start takes the two for a journal whose older segments are no longer needed, and goes on with
 * the same seqs and the same chain. The entries are written a slice at a time. Answers the paths of the two files.
 */
export async function writeStateCopy(
  { seq, chain }: JournalPosition,
  entries: Iterable<unknown>,
  { journalDir, snapshotDir, nowMs, operations = diskOperations }: StateCopyOptions,
): Promise<{ readonly snapshot: string; readonly segment: string }> {
  for (const folder of [journalDir, snapshotDir]) await ensurePrivateFolder(folder, operations);
  const header = { seq, chain, createdAt: nowMs };
  await writeSnapshotFile(snapshotDir, header, entries[Symbol.iterator](), operations);
  const next = { first: seq + 1, chain, previous: null };
  const { segment, file } = await beginSegment(journalDir, next, Buffer.alloc(0), nowMs, operations);
  await file.close();
  return { snapshot: numberedPath(snapshotDir, seq), segment: segment.path };
}
