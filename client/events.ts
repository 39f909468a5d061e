import { setMaxListeners } from "node:events";

import { SessiondError } from "../src/rpc/remoteError.js";
import type { EventShape, Params } from "../src/protocol/types.js";
import type { Calls } from "./calls.js";
import type { Connection } from "./connection.js";
import { ClientClosedError } from "./errors.js";

/** Which events to receive; without anything all, from now on. */
export interface EventsOptions extends Params<"event/subscribe"> {
  /** Ends the iteration when it is aborted; nothing is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Says that events are missing: the journal no longer reaches back to where the stream was. Whoever keeps a
 * picture of the state lists it anew; everything behind `seq` follows.
 */
export interface Gap {
  readonly type: "gap";
  /** The stream goes on behind this. */
  readonly seq: number;
  /** The oldest event that the journal still has. */
  readonly oldestSeq: number;
}

/** What a stream of events yields. */
export type StreamItem = EventShape | Gap;

/** Events that wait for a slow consumer; above it the subscription is given up until they are taken. */
const MAX_WAITING = 1_000;

/**
 * Events as they come, without gap and without duplicate, across broken connections. The stream is opened when
 * it is made, not when the first event is asked for. Memory is bounded: what a slow consumer does not take
 * stays in the daemon's journal, and is read from there later.
 *
 * It ends when the consumer leaves the loop, when the signal is aborted, and when the client is closed. It
 * throws when the daemon refuses it, or does not come back in time.
 */
export class EventStream implements AsyncIterable<StreamItem>, AsyncDisposable {
  readonly #calls: Calls;
  readonly #filter: Omit<EventsOptions, "signal" | "sinceSeq">;
  readonly #signal: AbortSignal | undefined;
  readonly #waiting: StreamItem[] = [];
  #wake: (() => void)[] = [];
  /** Seq of the last event that was received, or where the stream began. */
  #positionSeq: number | undefined;
  /** Ends the subscription; absent while there is none. */
  #unsubscribe: (() => void) | undefined;
  #isFull = false;
  #over: { error?: unknown } | undefined;

  constructor(calls: Calls, { signal, sinceSeq, ...filter }: EventsOptions) {
    this.#calls = calls;
    this.#filter = filter;
    this.#signal = signal;
    this.#positionSeq = sinceSeq;
    if (signal?.aborted === true) {
      this.#over = {};
      return;
    }
    if (signal !== undefined) {
      // As many streams as the program likes may end with one signal.
      setMaxListeners(0, signal);
      signal.addEventListener("abort", this.#stop);
    }
    void this.#subscribe();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next event, or the end. */
  async next(): Promise<IteratorResult<StreamItem, undefined>> {
    for (;;) {
      const value = this.#waiting.shift();
      if (value !== undefined) {
        this.#taken();
        return { done: false, value };
      }
      if (this.#over !== undefined) {
        const { error } = this.#over;
        this.#over = {};
        if (error !== undefined) throw error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** Ends the stream; what waits is dropped. */
  async return(): Promise<IteratorResult<StreamItem, undefined>> {
    this.#stop();
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
  }

  readonly #stop = (): void => {
    this.#waiting.length = 0;
    this.#finish({});
  };

  async #subscribe(): Promise<void> {
    try {
      const open = (connection: Connection): Promise<void> => this.#open(connection);
      await this.#calls.perform("event/subscribe", "free", open, this.#signal);
    } catch (error) {
      this.#finish(error instanceof ClientClosedError ? {} : { error });
    }
  }

  async #open(connection: Connection): Promise<void> {
    const sinceSeq = this.#positionSeq;
    if (sinceSeq === undefined) return this.#openAt(connection, {});
    try {
      await this.#openAt(connection, { sinceSeq });
    } catch (error) {
      if (!(error instanceof SessiondError) || error.type !== "replay_gap") throw error;
      // Subscribed first and said then, so that whoever lists because of the gap misses nothing in between.
      await this.#openAt(connection, { oldestSeq: Number(error.details["oldestSeq"]) });
    }
  }

  /** Subscribes behind `sinceSeq`, or from now on; with `oldestSeq` the stream says first that it has a gap. */
  async #openAt(connection: Connection, from: { sinceSeq?: number; oldestSeq?: number }): Promise<void> {
    const { sinceSeq, oldestSeq } = from;
    await connection.subscribe(sinceSeq === undefined ? this.#filter : { ...this.#filter, sinceSeq }, {
      opened: ({ subscriptionId, seq }) => {
        this.#unsubscribe = () => connection.unsubscribe(subscriptionId);
        if (this.#over !== undefined) return this.#leave();
        if (sinceSeq === undefined) this.#positionSeq = seq;
        if (oldestSeq !== undefined) this.#put({ type: "gap", seq, oldestSeq });
      },
      event: (event) => this.#receive(event),
      lost: () => {
        this.#unsubscribe = undefined;
        void this.#subscribe();
      },
    });
  }

  #receive(event: EventShape): void {
    if (this.#positionSeq !== undefined && event.seq <= this.#positionSeq) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.#isFull = true;
      this.#leave();
      return;
    }
    this.#positionSeq = event.seq;
    this.#put(event);
  }

  #put(item: StreamItem): void {
    this.#waiting.push(item);
    this.#wakeAll();
  }

  /** Reads on in the journal once the consumer has taken everything that waited. */
  #taken(): void {
    if (!this.#isFull || this.#waiting.length > 0 || this.#over !== undefined) return;
    this.#isFull = false;
    void this.#subscribe();
  }

  #leave(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #finish(over: { error?: unknown }): void {
    if (this.#over !== undefined) return;
    this.#over = over;
    this.#signal?.removeEventListener("abort", this.#stop);
    this.#leave();
    this.#wakeAll();
  }

  #wakeAll(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
