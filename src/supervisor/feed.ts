import type { Journal, StoredRecord } from "../journal/index.js";
import { ReplayGapError } from "../journal/index.js";
import { sessionConcerned } from "../session/alert.js";
import type { Event } from "../session/events.js";
import { showEvent } from "./show/event.js";

/** Whom events go to. */
export interface EventSink {
  readonly sessionIds?: ReadonlySet<string> | undefined;
  /** Types in full, or namespaces such as `session/`. */
  readonly types?: readonly string[] | undefined;
  /** Takes the event, as JSON without its opening brace; false where there is no room, and it was not taken. */
  deliver(event: string): boolean;
  /** Calls back once there is room again. */
  onceWritable(resume: () => void): void;
  /** The journal no longer has what this one still needs: it ends here. */
  gap(oldestSeq: number): void;
  failed(error: unknown): void;
}

export interface Subscription {
  close(): void;
}

/**
 * Events to subscribers. A subscription is a cursor over the journal: it reads the past from the files and
 * goes live in the tick in which it has caught up. When its peer is slow it falls back to the files, so
 * nothing is kept for it, and it costs the others nothing.
 */
export class Feed {
  readonly #journal: Journal;
  readonly #subscriptions = new Set<Cursor>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get size(): number {
    return this.#subscriptions.size;
  }

  /** Sends what is after `sinceSeq`, and then what happens. */
  subscribe(sink: EventSink, sinceSeq: number): Subscription {
    const cursor = new Cursor(this.#journal, sink, sinceSeq, () => this.#subscriptions.delete(cursor));
    this.#subscriptions.add(cursor);
    cursor.catchUp();
    return cursor;
  }

  /** A record has become durable. */
  publish(record: StoredRecord): void {
    if (this.#subscriptions.size === 0) return;
    const events = new ShownEvents(record);
    for (const cursor of this.#subscriptions) cursor.publish(events);
  }
}

/** The events of one record, each written as JSON at most once however many subscribers it has. */
class ShownEvents {
  readonly record: StoredRecord;
  readonly events: readonly Event[];
  readonly #shown: string[] = [];

  constructor(record: StoredRecord) {
    this.record = record;
    this.events = record.events as readonly Event[];
  }

  seqOf(index: number): number {
    return this.record.seq - this.events.length + 1 + index;
  }

  json(index: number, event: Event): string {
    const { at, up } = this.record;
    this.#shown[index] ??= JSON.stringify(showEvent(event, { seq: this.seqOf(index), at, up })).slice(1);
    return this.#shown[index];
  }
}

class Cursor implements Subscription {
  readonly #journal: Journal;
  readonly #sink: EventSink;
  readonly #remove: () => void;
  /** Everything up to this seq was delivered or did not match. */
  #seq: number;
  #state: "live" | "reading" | "closed" = "reading";

  constructor(journal: Journal, sink: EventSink, sinceSeq: number, remove: () => void) {
    this.#journal = journal;
    this.#sink = sink;
    this.#seq = sinceSeq;
    this.#remove = remove;
  }

  close(): void {
    this.#state = "closed";
    this.#remove();
  }

  publish(events: ShownEvents): void {
    if (this.#state !== "live") return;
    if (!this.#deliver(events)) this.#waitForRoom();
  }

  /** Reads the past; in the tick in which nothing is left of it, the subscription is live. */
  catchUp(): void {
    if (this.#seq >= this.#journal.committed) {
      this.#state = "live";
      return;
    }
    this.#read().catch((error: unknown) => {
      if (this.#isClosed()) return;
      this.close();
      if (error instanceof ReplayGapError) this.#sink.gap(error.oldestSeq);
      else this.#sink.failed(error);
    });
  }

  async #read(): Promise<void> {
    while (this.#seq < this.#journal.committed) {
      for await (const record of this.#journal.read(this.#seq)) {
        if (this.#isClosed()) return;
        if (!this.#deliver(new ShownEvents(record))) return this.#waitForRoom();
      }
      if (this.#isClosed()) return;
    }
    this.#state = "live";
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #waitForRoom(): void {
    // A sink that fails may have closed the subscription while it was asked.
    if (this.#isClosed()) return;
    this.#state = "reading";
    this.#sink.onceWritable(() => {
      if (!this.#isClosed()) this.catchUp();
    });
  }

  /** Delivers what matches and is new; false as soon as the sink has no room. */
  #deliver(events: ShownEvents): boolean {
    for (const [index, event] of events.events.entries()) {
      if (this.#isClosed()) return true;
      const seq = events.seqOf(index);
      if (seq <= this.#seq) continue;
      if (this.#matches(event) && !this.#sink.deliver(events.json(index, event))) return false;
      this.#seq = seq;
    }
    return true;
  }

  #matches(event: Event): boolean {
    const { sessionIds, types } = this.#sink;
    if (sessionIds !== undefined && !sessionIds.has(sessionConcerned(event) ?? "")) return false;
    return (
      types === undefined ||
      types.some((type) => event.type === type || (type.endsWith("/") && event.type.startsWith(type)))
    );
  }
}
