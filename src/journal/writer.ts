import type { AppendFile } from "../disk/appendFile.js";
import { formatCheckedLine, lineCrc } from "../disk/checkedLine.js";
import { JournalUnavailableError } from "./errors.js";
import { formatBody, formatRest } from "./record.js";
import type { ContentText, JournalCallbacks, JournalHealth, RecordBody, Settle } from "./types.js";

/** A batch is split at this length, so that one write never holds the loop for long. */
const BATCH_CHARS = 4 * 1024 * 1024;
/** A longer record is refused; it stays readable within MAX_RECORD_BYTES, whatever UTF-8 makes of it. */
const MAX_BODY_CHARS = 32 * 1024 * 1024;

/** Something that waits for the disk: a record, or (with an empty body) somebody who saw the head. */
interface Entry {
  readonly seq: number;
  readonly at: number;
  readonly body: string;
  readonly settle: Settle;
}

/** What the writer tells of a batch that is durable now. */
export interface CommittedBatch {
  /** `at` of its last record. */
  readonly at: number;
  readonly sizeBytes: number;
}

/** What the writer does not do itself. */
export interface WriterHooks extends JournalCallbacks {
  /** Called before the batch's settles. */
  onCommitted(batch: CommittedBatch): void;
  /** The disk refused a write; called before `onFailure`. */
  onFull(): void;
  /**
   * The file to go on with, if this one should be followed by another. While the promise is open nothing is
   * written. A rejection means that nobody knows which file counts, and is fatal.
   */
  rotate(file: AppendFile): Promise<AppendFile> | undefined;
  readonly contentText?: ContentText;
}

/**
 * Group commit: one write and one sync for everything that came in during one turn of the loop or during the
 * sync before. See FORMAT.md, "Writing", for what happens on errors.
 */
export class Writer {
  #state: JournalHealth["state"] = "ok";
  #reason = "";
  #head: number;
  #committed: number;
  /** crc of the last durable record. */
  #chain: number;
  #file: AppendFile;
  readonly #hooks: WriterHooks;
  /** The open batch. Its first entry is a record. */
  #queue: Entry[] = [];
  /** What was written and is not yet durable. */
  #inFlight: Entry[] = [];
  /** A write, a sync or a rotation is under way. */
  #busy = false;
  #scheduled = false;
  #closed = false;
  #onIdle: (() => void) | undefined;

  constructor(file: AppendFile, end: { readonly seq: number; readonly chain: number }, hooks: WriterHooks) {
    this.#file = file;
    this.#head = end.seq;
    this.#committed = end.seq;
    this.#chain = end.chain;
    this.#hooks = hooks;
  }

  get head(): number {
    return this.#head;
  }

  /** The last durable event and the crc of its record; always of the same moment. */
  get committed(): { readonly seq: number; readonly chain: number } {
    return { seq: this.#committed, chain: this.#chain };
  }

  get state(): JournalHealth["state"] {
    return this.#state;
  }

  /** How it is, and why if it is not ok. */
  get health(): Pick<JournalHealth, "state" | "reason"> {
    return this.#state === "ok" ? { state: "ok" } : { state: this.#state, reason: this.#reason };
  }

  /** There is no space, as somebody else found out. Appends are tried all the same. */
  markFull(reason: string): void {
    if (this.#state !== "ok") return;
    this.#state = "full";
    this.#reason = reason;
  }

  /** There is space again. */
  markOk(): void {
    if (this.#state === "full") this.#state = "ok";
  }

  append(record: RecordBody, settle: Settle): number {
    if (this.#closed) throw new JournalUnavailableError("it is closed.");
    const body = formatBody(record, this.#hooks.contentText);
    if (body.length > MAX_BODY_CHARS) {
      throw new RangeError(
        `A record of ${body.length} characters is too long; ${MAX_BODY_CHARS} are allowed.`,
      );
    }
    this.#head += record.events.length;
    if (this.#state === "failed") return this.#head;
    this.#queue.push({ seq: this.#head, at: record.at, body, settle });
    this.#schedule();
    return this.#head;
  }

  whenDurable(settle: Settle): void {
    if (this.#state === "failed") return undefined;
    if (this.#head === this.#committed) return settle();
    const batch = this.#queue.length > 0 ? this.#queue : this.#inFlight;
    batch.push({ seq: this.#head, at: 0, body: "", settle });
    return undefined;
  }

  /** Waits until everything is durable (or failed for good), then closes the file. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#state !== "failed" && (this.#busy || this.#queue.length > 0)) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await this.#file.close();
  }

  /** All appends of one turn of the loop join one batch. */
  #schedule(): void {
    if (this.#busy || this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#busy) this.#next();
    });
  }

  /** Writes the open batch, or rests. */
  #next(): void {
    const failure = this.#write();
    if (failure !== undefined) this.#refuse(failure);
  }

  /** Writes the open batch and starts its sync. Answers the error of the write, if there is one. */
  #write(): Error | undefined {
    if (this.#queue.length === 0 || this.#state === "failed") return this.#rest();
    const batch = this.#takeBatch();
    const { bytes, seq, at, chain } = encodeBatch(batch, this.#committed, this.#chain);
    this.#busy = true;
    this.#inFlight = batch;
    try {
      this.#file.append(bytes);
    } catch (error) {
      return asError(error);
    }
    this.#file.sync((error) => {
      if (error) return this.#fail(error);
      this.#committed = seq;
      this.#chain = chain;
      return this.#commit({ at, sizeBytes: bytes.length });
    });
    return undefined;
  }

  #rest(): undefined {
    this.#busy = false;
    this.#onIdle?.();
  }

  #takeBatch(): Entry[] {
    let chars = 0;
    let count = 0;
    for (const { body } of this.#queue) {
      // Those who only wait go with the record that they wait for.
      if (chars >= BATCH_CHARS && body !== "") break;
      chars += body.length;
      count++;
    }
    if (count < this.#queue.length) return this.#queue.splice(0, count);
    const batch = this.#queue;
    this.#queue = [];
    return batch;
  }

  /** The batch in flight is durable. The disk gets its next work before the answers are made. */
  #commit(committed: CommittedBatch): void {
    const batch = this.#inFlight;
    this.#inFlight = [];
    this.#hooks.onCommitted(committed);
    const rotation = this.#hooks.rotate(this.#file);
    if (rotation !== undefined) {
      void this.#goOnWith(rotation);
      return settleAll(batch);
    }
    const failure = this.#write();
    settleAll(batch);
    if (failure !== undefined) this.#refuse(failure);
    return undefined;
  }

  async #goOnWith(rotation: Promise<AppendFile>): Promise<void> {
    try {
      this.#file = await rotation;
    } catch (error) {
      return this.#fail(asError(error));
    }
    return this.#next();
  }

  /**
   * A write failed cleanly: everything decided since the last durable event is refused, and the file is as
   * before.
   */
  #refuse(cause: Error): void {
    try {
      this.#file.cutBack();
    } catch (error) {
      return this.#fail(asError(error));
    }
    const refused = [...this.#inFlight, ...this.#queue];
    this.#inFlight = [];
    this.#queue = [];
    this.#head = this.#committed;
    this.#state = "full";
    this.#reason = cause.message;
    const error = new JournalUnavailableError(`${cause.message}. It tries again by itself.`, cause);
    this.#rest();
    this.#hooks.onFull();
    this.#hooks.onFailure(error);
    settleAll(refused, error);
    return undefined;
  }

  /** Nobody knows what is on the disk: nothing is written, repeated or answered any more. */
  #fail(error: Error): void {
    this.#state = "failed";
    this.#reason = error.message;
    this.#inFlight = [];
    this.#queue = [];
    this.#rest();
    this.#hooks.onFatal(error);
  }
}

function encodeBatch(
  batch: readonly Entry[],
  durable: number,
  chain: number,
): { bytes: Buffer; seq: number; at: number; chain: number } {
  let text = "";
  let crc = chain;
  let seq = durable;
  let at = 0;
  for (const entry of batch) {
    if (entry.body === "") continue;
    const rest = formatRest(entry.seq, durable, entry.body);
    crc = lineCrc(rest, crc);
    text += formatCheckedLine(rest, crc);
    seq = entry.seq;
    at = entry.at;
  }
  return { bytes: Buffer.from(text), seq, at, chain: crc };
}

/** One that throws must not keep the others from their answer; its error surfaces as uncaught. */
function settleAll(entries: readonly Entry[], error?: Error): void {
  for (const { settle } of entries) {
    try {
      settle(error);
    } catch (thrown) {
      setImmediate(() => {
        throw thrown;
      });
    }
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
