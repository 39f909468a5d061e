import { JournalUnavailableError, ReplayGapError } from "../../src/journal/index.js";
import type { Journal, JournalHealth, RecordBody, Settle, StoredRecord } from "../../src/journal/index.js";

interface Waiting {
  readonly record: StoredRecord | undefined;
  readonly settle: Settle;
}

/** A journal whose disk does what the test says, when the test says it. */
export class ScriptedJournal implements Journal {
  readonly #onFailure: (error: Error) => void;
  /** The durable records. */
  records: StoredRecord[] = [];
  #waiting: Waiting[] = [];
  #head = 0;
  #committed = 0;
  #oldestSeq = 1;
  state: JournalHealth["state"] = "ok";
  reason: string | undefined = "ENOSPC, no space left";
  /** Thrown by the next read. */
  readFailure: Error | undefined;

  constructor(onFailure: (error: Error) => void = () => undefined) {
    this.#onFailure = onFailure;
  }

  get head(): number {
    return this.#head;
  }

  get committed(): number {
    return this.#committed;
  }

  get position(): { readonly seq: number; readonly chain: number } {
    return { seq: this.#committed, chain: 0 };
  }

  get oldestSeq(): number {
    return this.#oldestSeq;
  }

  get health(): JournalHealth {
    const why = this.state === "ok" || this.reason === undefined ? {} : { reason: this.reason };
    return { state: this.state, ...why, sizeBytes: 0, segments: 1, bytesSinceSnapshot: 0, snapshotSeq: 0 };
  }

  append(body: RecordBody, settle: Settle): number {
    const copy = JSON.parse(JSON.stringify(body)) as RecordBody;
    this.#head += body.events.length;
    this.#waiting.push({ record: { ...copy, seq: this.#head }, settle });
    return this.#head;
  }

  whenDurable(settle: Settle): void {
    if (this.#head === this.#committed) settle();
    else this.#waiting.push({ record: undefined, settle });
  }

  /** How many are not durable yet, those who only wait included. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** The first so many of those who wait become durable in one batch; all of them if nothing is said. */
  sync(count = Infinity): void {
    let end = Math.min(count, this.#waiting.length);
    // Those who only wait go with the record that they wait for.
    while (end < this.#waiting.length && this.#waiting[end]?.record === undefined) end += 1;
    const batch = this.#waiting.splice(0, end);
    for (const { record } of batch) if (record !== undefined) this.records.push(record);
    this.#committed = this.records.at(-1)?.seq ?? 0;
    for (const { settle } of batch) settle();
  }

  /** The disk refuses a write: everything decided since the last durable event is lost, and is told so. */
  refuse(error: Error = new JournalUnavailableError("ENOSPC, no space left.")): void {
    const refused = this.#waiting;
    this.#waiting = [];
    this.#head = this.#committed;
    this.#onFailure(error);
    for (const { settle } of refused) settle(error);
  }

  async *read(afterSeq: number, untilSeq = Infinity): AsyncGenerator<StoredRecord> {
    // Only now, as with a file: nothing is read in the tick of the call.
    await Promise.resolve();
    if (this.readFailure !== undefined) throw this.readFailure;
    if (afterSeq < this.#oldestSeq - 1) throw new ReplayGapError(afterSeq, this.#oldestSeq);
    for (const record of this.records) {
      if (record.seq <= afterSeq) continue;
      if (record.seq - record.events.length >= untilSeq) return;
      yield record;
      await Promise.resolve();
    }
  }

  /** What is before this event is no longer kept. */
  forgetBefore(seq: number): void {
    this.#oldestSeq = seq;
  }

  needsSnapshot(): boolean {
    return false;
  }

  snapshot(): Promise<number> {
    return Promise.resolve(this.#committed);
  }

  readonly isWorthSnapshotAtStop = false;

  checkKept(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
