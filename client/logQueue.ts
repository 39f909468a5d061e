import type { Params } from "../src/protocol/types.js";
import type { Call } from "./callTypes.js";
import { ConnectionLostError, SessiondError } from "./errors.js";

/** One line on its way to the log of a session. */
export type LogEntry = NonNullable<Params<"log/write">["entries"]>[number];

/** Lines held at most; what is over it is dropped and counted. */
const CAPACITY = 1_000;
/** Lines of one call, and their characters as JSON, so that it stays far below what the daemon takes. */
const BATCH = 200;
const BATCH_LENGTH = 512 * 1_024;
/** How long a line waits for others to go with it. */
const FLUSH_AFTER_MS = 100;

/**
 * Lines of one session, on their way to the daemon. Writing never waits and never throws: what cannot be sent is
 * dropped and counted, and that is said in the log once it works again.
 */
export class LogQueue {
  readonly #call: Call;
  readonly #sessionId: string;
  #entries: { readonly entry: LogEntry; readonly length: number }[] = [];
  #flushing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;
  #unsaid = 0;

  constructor(call: Call, sessionId: string) {
    this.#call = call;
    this.#sessionId = sessionId;
  }

  /** Lines that were dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  write(entry: LogEntry): void {
    if (this.#entries.length >= CAPACITY) return this.drop(1);
    this.#entries.push({ entry, length: JSON.stringify(entry).length });
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_AFTER_MS);
  }

  /** Resolves when the lines written before have been taken by the daemon, or dropped. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // One call after the other keeps the lines in their order.
    while (this.#flushing !== undefined) await this.#flushing;
    this.#flushing = this.#sendAll().finally(() => (this.#flushing = undefined));
    await this.#flushing;
  }

  async #sendAll(): Promise<void> {
    let wasLost = false;
    // Lines that come in meanwhile have a timer of their own: else this might never end.
    for (let left = this.#entries.length; left > 0;) {
      const batch = this.#takeBatch(left);
      left -= batch.length;
      const unsaid = this.#unsaid;
      const entries = unsaid === 0 ? batch : [droppedEntry(unsaid), ...batch];
      try {
        await this.#call("log/write", { sessionId: this.#sessionId, entries });
        this.#unsaid -= unsaid;
        wasLost = false;
      } catch (error) {
        // Lines that may have been written are not sent again. Those behind them were not sent yet: they have their
        // own chance where the daemon refused these, or went away with them and comes back.
        this.drop(batch.length);
        const isLost = error instanceof ConnectionLostError;
        const goesOn = error instanceof SessiondError || (isLost && !wasLost);
        // Nobody comes back: each call that is left would wait for that as long as this one did.
        if (!goesOn) return this.drop(this.#entries.splice(0, left).length);
        wasLost = isLost;
      }
    }
  }

  #takeBatch(most: number): LogEntry[] {
    let end = 0;
    for (let length = 0; end < Math.min(most, BATCH); end++) {
      length += this.#entries[end]?.length ?? 0;
      // A line that is too long by itself goes alone: the daemon says what it thinks of it.
      if (end > 0 && length > BATCH_LENGTH) break;
    }
    return this.#entries.splice(0, end).map(({ entry }) => entry);
  }

  /** Counts lines that will not come. */
  drop(lines: number): void {
    this.#dropped += lines;
    this.#unsaid += lines;
  }
}

function droppedEntry(lines: number): LogEntry {
  const message = "Lines were dropped before they reached the log";
  return { level: "warn", message, event: "log.dropped", at: new Date().toISOString(), fields: { lines } };
}
