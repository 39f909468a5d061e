import {
  openJournal,
  type Journal,
  type JournalOptions,
  type StoredRecord,
} from "../../src/journal/index.js";
import { diskOperations, type DiskOperations } from "../../src/disk/operations.js";
import { SimulatedDisk } from "./simulatedDisk.js";

export const JOURNAL = "/data/journal";
export const SNAPSHOTS = "/data/snapshots";

/** What a start found, and the journal that it opened. */
export interface Opened {
  readonly journal: Journal;
  readonly entries: unknown[];
  readonly records: StoredRecord[];
  /** The texts of all events, in order; entries of a snapshot count as their events. */
  readonly texts: string[];
  readonly notices: { kind: string; file: string; savedAs: string }[];
  readonly failures: Error[];
  readonly fatals: Error[];
}

/** Opens a journal on that disk, with small limits unless told otherwise. */
export async function open(
  operations: DiskOperations,
  options: Partial<JournalOptions> = {},
): Promise<Opened> {
  const entries: unknown[] = [];
  const records: StoredRecord[] = [];
  const texts: string[] = [];
  const notices: Opened["notices"] = [];
  const failures: Error[] = [];
  const fatals: Error[] = [];
  const journal = await openJournal({
    journalDir: JOURNAL,
    snapshotDir: SNAPSHOTS,
    restore: (entry) => {
      entries.push(entry);
      texts.push(String(entry));
    },
    replay: (record) => {
      records.push(record);
      texts.push(...record.events.map(String));
    },
    onTorn: (notice) => notices.push(notice),
    onFailure: (error) => failures.push(error),
    onFatal: (error) => fatals.push(error),
    reserveBytes: 64,
    roomBytes: 600,
    rewriteBytes: 0,
    checkPauseMs: 0,
    nowMs: () => 1_000,
    operations,
    ...options,
  });
  return { journal, entries, records, texts, notices, failures, fatals };
}

/** Appends one record of these events and answers when it is settled. */
export function append(journal: Journal, ...events: unknown[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const seq = journal.append({ at: 1, up: 2, events }, (error) => (error ? reject(error) : resolve(seq)));
  });
}

/** All that `read` gives. */
export async function readAll(journal: Journal, afterSeq = 0, untilSeq?: number): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for await (const record of journal.read(afterSeq, untilSeq)) records.push(record);
  return records;
}

/** Lets everything run that a turn of the loop started. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits for a condition, turn by turn. */
export async function until(condition: () => boolean, turns = 10_000): Promise<void> {
  for (let i = 0; i < turns; i++) {
    if (condition()) return;
    await turn();
  }
  throw new Error("The condition never came true.");
}

export type OperationName = keyof DiskOperations;

/** A disk that asks first: what `before` answers happens instead of the call. */
export function intercept(
  operations: DiskOperations,
  before: (name: OperationName, args: readonly unknown[]) => Error | number | undefined,
): DiskOperations {
  const names = Object.keys(diskOperations) as OperationName[];
  const wrapped = names.map((name) => {
    const call = (...args: unknown[]): unknown => {
      const instead = before(name, args);
      const target = operations[name] as (...args: unknown[]) => unknown;
      if (typeof instead === "number") {
        // A short write: only so many bytes are taken.
        return target.call(operations, ...args.slice(0, 3), instead, ...args.slice(4));
      }
      if (instead === undefined) return target.apply(operations, args);
      if (name === "fdatasync") return setImmediate(args[1] as (error: Error) => void, instead);
      if (name.endsWith("Sync")) throw instead;
      return Promise.reject(instead);
    };
    return [name, call];
  });
  return Object.fromEntries(wrapped) as DiskOperations;
}

/** Node's error of that code. */
export function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/** A disk with a journal of these records (each a list of events), closed. */
export async function journalOf(
  records: readonly (readonly string[])[],
  options: Partial<JournalOptions> = {},
): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const { journal } = await open(disk, options);
  for (const events of records) await append(journal, ...events);
  await journal.close();
  return disk;
}
