import { diskOperations, hasCode, type DiskOperations } from "../disk/operations.js";
import { JournalDamagedError } from "./errors.js";
import type { Fault } from "./findings.js";
import { listNumbered, numberedPath } from "./names.js";
import { readFolder } from "./recover.js";
import { survey, type Stretch, type Survey } from "./survey.js";

/** The two folders of a journal, and the calls to the disk. */
export interface OfflineOptions {
  readonly journalDir: string;
  readonly snapshotDir: string;
  readonly operations?: DiskOperations;
}

/** What is in a folder, and what a start would say of it. */
export interface Verification {
  /**
   * `sound`: a start takes all of it. `set-aside`: it starts, and sets something aside that was never
   * acknowledged or is not needed. `damaged`: it refuses to start, or it finds damage behind its start, in what is
   * kept for subscribers alone.
   */
  readonly verdict: "sound" | "set-aside" | "damaged";
  /** Everything that was found, segment by segment; damaged snapshots come first. */
  readonly faults: readonly Fault[];
  readonly segments: number;
  /** Good ones, those behind damage included. */
  readonly records: number;
  /** Seqs of the first and the last good event; both 0 if there is none. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Seqs of those that are whole, ascending. */
  readonly snapshots: readonly number[];
  readonly sizeBytes: number;
}

/** A folder that was looked at, for whoever goes on from there. */
export interface Examined {
  readonly verification: Verification;
  readonly survey: Survey;
  readonly firsts: readonly number[];
  readonly snapshotSeqs: readonly number[];
}

/**
 * Reads everything, changes nothing, and reports every fault. Errors of the disk are thrown, and OtherFormatError if
 * another version wrote the journal.
 */
export async function verifyJournal(options: OfflineOptions): Promise<Verification> {
  return (await examine(options)).verification;
}

/** The same with all that was found. */
export async function examine(options: OfflineOptions): Promise<Examined> {
  const { journalDir, snapshotDir, operations = diskOperations } = options;
  const folders = { journalDir, snapshotDir, operations };
  const firsts = await numbersIn(journalDir, operations);
  const snapshotSeqs = await numbersIn(snapshotDir, operations);
  const found = await survey({ ...folders, firsts, snapshotSeqs });
  const { stretches, records, snapshots } = found;
  const lastSeq = Math.max(0, ...stretches.map(({ pieces }) => pieces.at(-1)?.to.seq ?? 0));
  const faults = [...found.faults];
  // A start judges the whole, too: what it refuses and no file explains stands by itself.
  const refusal = await refusalOfStart(folders, firsts, snapshotSeqs);
  const damaged = faults.filter(({ kind }) => kind === "damage");
  if (refusal !== undefined && damaged.every(({ file }) => file !== refusal.file)) {
    const { file, offset, reason } = refusal;
    faults.push({ file, offset, afterSeq: lastSeq, reason, kind: "damage" });
  }
  const isDamaged = faults.some(({ kind }) => kind === "damage");
  const verification: Verification = {
    verdict: isDamaged ? "damaged" : faults.length > 0 ? "set-aside" : "sound",
    faults,
    segments: firsts.length,
    records,
    firstSeq: records === 0 ? 0 : (stretches.find(hasRecords)?.pieces[0]?.from.seq ?? 0) + 1,
    lastSeq,
    snapshots: snapshots.map(({ seq }) => seq),
    sizeBytes: await sizeOf(folders, firsts, snapshotSeqs),
  };
  return { verification, survey: found, firsts, snapshotSeqs };
}

function hasRecords({ pieces }: Stretch): boolean {
  return pieces.some(({ from, to }) => to.seq > from.seq);
}

type Folders = OfflineOptions & { readonly operations: DiskOperations };

/** What a start says of the folder, by the very code that it goes by, and what it would find later in the background. */
async function refusalOfStart(
  folders: Folders,
  firsts: readonly number[],
  snapshotSeqs: readonly number[],
): Promise<JournalDamagedError | undefined> {
  try {
    const options = { ...folders, restore: () => undefined, replay: () => undefined, checksKept: true };
    await readFolder(options, firsts, snapshotSeqs);
    return undefined;
  } catch (error) {
    if (error instanceof JournalDamagedError) return error;
    throw error;
  }
}

/** A folder that is not there holds nothing: a copy may lack one that was empty. */
async function numbersIn(folder: string, operations: DiskOperations): Promise<readonly number[]> {
  try {
    return (await listNumbered(folder, operations)).numbers;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

async function sizeOf(
  { journalDir, snapshotDir, operations }: Folders,
  firsts: readonly number[],
  snapshotSeqs: readonly number[],
): Promise<number> {
  const paths = [
    ...firsts.map((first) => numberedPath(journalDir, first)),
    ...snapshotSeqs.map((seq) => numberedPath(snapshotDir, seq)),
  ];
  let sum = 0;
  for (const path of paths) sum += (await operations.lstat(path)).size;
  return sum;
}
