import type { AppendFile } from "../disk/appendFile.js";
import { ensurePrivateFolder } from "../disk/folder.js";
import { LineTooLongError } from "../disk/lines.js";
import type { DiskOperations } from "../disk/operations.js";
import { removeFile, renameFile } from "../disk/remove.js";
import { JournalDamagedError } from "./errors.js";
import { listNumbered } from "./names.js";
import { renewTail } from "./renewTail.js";
import { Replay, type ReplayedTail } from "./replay.js";
import type { Segment } from "./segment.js";
import { readSegmentChain, type SegmentChain } from "./segmentChain.js";
import { restoreSnapshotFile, verifySnapshotFile, type SnapshotFile } from "./snapshotFile.js";
import type { SetAside, StoredRecord } from "./types.js";

/** What reading a folder needs of the options of a journal. */
export interface ReadOptions {
  readonly journalDir: string;
  readonly snapshotDir: string;
  restore(entry: unknown): void;
  replay(record: StoredRecord): void | Promise<void>;
  /** Whether to read all of the segments that are kept for readers alone. A start leaves that for later. */
  readonly checksKept?: boolean;
  readonly operations: DiskOperations;
}

/** What recovery needs of the options of a journal. */
export interface RecoverOptions extends ReadOptions {
  readonly onTorn: (notice: SetAside) => void;
  /** Gives back space when the disk is too full to start. */
  readonly releaseReserve: () => void;
  /** A last segment of at most this size is written anew as a whole. */
  readonly rewriteBytes: number;
  readonly nowMs: () => number;
}

/** A journal that can be appended to. */
export interface Recovered {
  /** The last one is open. */
  readonly segments: Segment[];
  readonly file: AppendFile;
  /** Everything up to here was replayed and is durable. */
  readonly end: { readonly seq: number; readonly chain: number };
  readonly bytesSinceSnapshot: number;
  /** Those that are whole or were not needed, ascending. */
  readonly snapshotSeqs: readonly number[];
  readonly snapshot: SnapshotFile | undefined;
}

/**
 * Finds the state that was durable, as FORMAT.md describes under "Starting". Until everything is read and
 * judged nothing is changed but leftovers removed. A crash anywhere in here leaves what recovers to the same
 * state.
 */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { journalDir, snapshotDir, operations } = options;
  await ensurePrivateFolder(journalDir, operations);
  await ensurePrivateFolder(snapshotDir, operations);
  const journal = await listNumbered(journalDir, operations);
  const snapshots = await listNumbered(snapshotDir, operations);
  for (const leftover of [...journal.pending, ...snapshots.pending]) await removeFile(leftover, operations);
  const { snapshot, damaged, chain, tail } = await readFolder(options, journal.numbers, snapshots.numbers);

  // From here on things are changed; up to the new segment every one of them leaves the same state.
  await setSnapshotsAside(options, damaged);
  const { segments, file } = await renewTail(options, chain, tail);
  return {
    segments,
    file,
    end: tail.end,
    bytesSinceSnapshot: tail.bytesSinceSnapshot,
    snapshotSeqs: snapshots.numbers.filter((seq) => seq <= (snapshot?.seq ?? 0)),
    snapshot,
  };
}

/** What a folder holds whose journal is not damaged. */
export interface ReadFolder {
  readonly snapshot: SnapshotFile | undefined;
  /** Snapshots that a start sets aside, newest first. */
  readonly damaged: readonly DamagedSnapshot[];
  readonly chain: SegmentChain;
  readonly tail: ReplayedTail;
}

/**
 * Reads and judges everything that a start goes by, and changes nothing.
 *
 * @param segments the numbers of the segments, ascending.
 * @param snapshots those of the snapshots.
 * @throws {JournalDamagedError} at the first thing that is neither whole nor a torn tail.
 */
export async function readFolder(
  options: ReadOptions,
  segments: readonly number[],
  snapshots: readonly number[],
): Promise<ReadFolder> {
  try {
    return await readAndJudge(options, segments, snapshots);
  } catch (error) {
    if (!(error instanceof LineTooLongError)) throw error;
    throw new JournalDamagedError(error.path, error.offset, "the line is longer than any that is written");
  }
}

async function readAndJudge(
  options: ReadOptions,
  segments: readonly number[],
  snapshots: readonly number[],
): Promise<ReadFolder> {
  const { journalDir, operations } = options;
  const { snapshot, damaged } = await chooseSnapshot(options, snapshots);
  const chain = await readSegmentChain(journalDir, segments, operations);
  checkCovered(options, chain, snapshot, damaged);
  if (snapshot !== undefined) {
    await restoreSnapshotFile(snapshot, (entry) => options.restore(entry), operations);
  }
  const after = { seq: snapshot?.seq ?? 0, chain: snapshot?.chain ?? 0 };
  const { checksKept = false } = options;
  const replay = new Replay({ after, replay: (record) => options.replay(record), checksKept, operations });
  const tail = await replay.run(chain.segments);
  checkReached(options, tail, Math.max(snapshots.at(-1) ?? 0, (chain.tornHeader?.first ?? 1) - 1));
  return { snapshot, damaged, chain, tail };
}

/** A snapshot that is not as it was written, and where. */
export type DamagedSnapshot = Exclude<Awaited<ReturnType<typeof verifySnapshotFile>>, SnapshotFile>;

/** The newest snapshot that is whole, and those after it that are not. */
async function chooseSnapshot(
  { snapshotDir, operations }: ReadOptions,
  seqs: readonly number[],
): Promise<{ snapshot: SnapshotFile | undefined; damaged: DamagedSnapshot[] }> {
  const damaged: DamagedSnapshot[] = [];
  for (const seq of seqs.toReversed()) {
    const found = await verifySnapshotFile(snapshotDir, seq, operations);
    if ("chain" in found) return { snapshot: found, damaged };
    damaged.push(found);
  }
  return { snapshot: undefined, damaged };
}

/** The segments must begin where the snapshot ends, or before. */
function checkCovered(
  { journalDir }: ReadOptions,
  { segments, tornHeader }: SegmentChain,
  snapshot: SnapshotFile | undefined,
  damaged: readonly DamagedSnapshot[],
): void {
  const seq = snapshot?.seq ?? 0;
  const oldest = segments[0]?.header.first ?? tornHeader?.first ?? 1;
  const reaches = segments.length > 0 ? oldest <= seq + 1 : oldest === seq + 1;
  if (reaches) return;
  const [bad] = damaged;
  if (bad !== undefined) {
    throw new JournalDamagedError(
      bad.path,
      bad.offset,
      `${bad.reason}, and no older snapshot can take its place`,
    );
  }
  const file = segments[0]?.path ?? tornHeader?.path ?? journalDir;
  throw new JournalDamagedError(file, 0, `the segments that follow seq ${seq} are missing`);
}

/**
 * Names prove something: of a snapshot (a damaged one, too) how far it went, of a segment what is before it.
 */
function checkReached({ journalDir }: ReadOptions, { segments, end }: ReplayedTail, provenSeq: number): void {
  if (end.seq >= provenSeq) return;
  const file = segments.at(-1)?.path ?? journalDir;
  const reason = `it ends with seq ${end.seq}, and seq ${provenSeq} was durable: a later file begins behind it`;
  throw new JournalDamagedError(file, end.offset, reason);
}

async function setSnapshotsAside(
  { operations, onTorn }: RecoverOptions,
  damaged: readonly DamagedSnapshot[],
): Promise<void> {
  for (const { path, offset, reason } of damaged) {
    const savedAs = `${path}.damaged`;
    await renameFile(path, savedAs, operations);
    onTorn({ kind: "damaged-snapshot", file: path, offset, reason, savedAs });
  }
}
