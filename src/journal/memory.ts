import { JournalUnavailableError, ReplayGapError } from "./errors.js";
import { formatBody } from "./record.js";
import type { Journal, JournalHealth, RecordBody, Settle, StoredRecord } from "./types.js";

const KEPT_RECORDS = 10_000;

/** How to open a journal without a disk. */
export interface MemoryJournalOptions {
  /** How many records are kept for `read`. 10,000. */
  readonly keepRecords?: number;
}

/**
 * A journal for a daemon that keeps nothing: the same order of things, the same refusals of bodies that JSON
 * cannot hold, and answers that come as late as from a disk. It never fails, so it takes no callbacks.
 */
export function openMemoryJournal(options: MemoryJournalOptions = {}): Journal {
  return new MemoryJournal(options.keepRecords ?? KEPT_RECORDS);
}

class MemoryJournal implements Journal {
  readonly #keepRecords: number;
  #head = 0;
  #committed = 0;
  #oldestSeq = 1;
  #kept: StoredRecord[] = [];
  #queue: { readonly record?: StoredRecord; readonly settle: Settle }[] = [];
  #closed = false;

  constructor(keepRecords: number) {
    this.#keepRecords = keepRecords;
  }

  get head(): number {
    return this.#head;
  }

  get committed(): number {
    return this.#committed;
  }

  /** No record has a line, so none has a crc: a copy of the state begins a chain. */
  get position(): Journal["position"] {
    return { seq: this.#committed, chain: 0 };
  }

  get oldestSeq(): number {
    return this.#oldestSeq;
  }

  get state(): JournalHealth["state"] {
    return "ok";
  }

  get health(): JournalHealth {
    return { state: "ok", sizeBytes: 0, segments: 0, bytesSinceSnapshot: 0, snapshotSeq: 0 };
  }

  append(body: RecordBody, settle: Settle): number {
    if (this.#closed) throw new JournalUnavailableError("it is closed.");
    // What is kept must be what a disk would give back: a copy, without what JSON drops.
    const stored = JSON.parse(`{${formatBody(body)}`) as RecordBody;
    this.#head += body.events.length;
    if (this.#queue.length === 0) setImmediate(() => this.#commit());
    this.#queue.push({ record: { ...stored, seq: this.#head }, settle });
    return this.#head;
  }

  whenDurable(settle: Settle): void {
    if (this.#head === this.#committed) settle();
    else this.#queue.push({ settle });
  }

  async *read(afterSeq: number, untilSeq = Infinity): AsyncGenerator<StoredRecord> {
    let seq = afterSeq;
    while (seq < Math.min(untilSeq, this.#committed)) {
      if (seq < this.#oldestSeq - 1) throw new ReplayGapError(seq, this.#oldestSeq);
      // Goes on into what is pushed meanwhile; a list that was cut is picked up by the next round.
      for (const record of this.#kept) {
        if (record.seq <= seq) continue;
        if (seq >= untilSeq) return;
        seq = record.seq;
        yield record;
      }
    }
  }

  needsSnapshot(): boolean {
    return false;
  }

  snapshot(): Promise<number> {
    return Promise.resolve(this.#committed);
  }

  get isWorthSnapshotAtStop(): boolean {
    return false;
  }

  checkKept(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#head > this.#committed) await new Promise<void>((resolve) => this.whenDurable(() => resolve()));
  }

  #commit(): void {
    const batch = this.#queue;
    this.#queue = [];
    for (const { record } of batch) if (record !== undefined) this.#kept.push(record);
    this.#committed = this.#kept.at(-1)?.seq ?? 0;
    // Cut only now and then: a cut moves all that is kept.
    if (this.#kept.length > 2 * this.#keepRecords) this.#kept = this.#kept.slice(-this.#keepRecords);
    const oldest = this.#kept[0];
    if (oldest !== undefined) this.#oldestSeq = oldest.seq - oldest.events.length + 1;
    for (const { settle } of batch) settle();
  }
}
