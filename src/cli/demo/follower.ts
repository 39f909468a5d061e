import type { Client, EventShape } from "../../../client/index.js";
import { until } from "../alive.js";

/** Follows all events from the first one on, across the crash, and sees whether any is missing or comes twice. */
export class Follower {
  readonly #events: EventShape[] = [];
  readonly #faults: string[] = [];
  #isOver = false;

  constructor(client: Client) {
    void this.#follow(client);
  }

  /** What was wrong with the stream. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  get lastSeq(): number {
    return this.#events.at(-1)?.seq ?? 0;
  }

  /** The events so far that `isMeant`. */
  all<E extends EventShape>(isMeant: (event: EventShape) => event is E): E[] {
    return this.#events.filter(isMeant);
  }

  /** Waits until an event has come that `isMeant`; false when none comes in time. */
  async until(isMeant: (event: EventShape) => boolean, withinMs: number): Promise<boolean> {
    const hasCome = (): boolean => this.#events.some(isMeant);
    await until(() => hasCome() || this.#isOver, withinMs);
    return hasCome();
  }

  /** Waits until everything up to `seq` has come; false when it does not in time. */
  async reaches(seq: number, withinMs: number): Promise<boolean> {
    await until(() => this.lastSeq >= seq || this.#isOver, withinMs);
    return this.lastSeq >= seq;
  }

  async #follow(client: Client): Promise<void> {
    try {
      for await (const item of client.events({ sinceSeq: 0 })) {
        // The stream is not filtered, so the numbers have to be whole.
        if (item.seq !== this.lastSeq + 1)
          this.#faults.push(`event ${item.seq} came after event ${this.lastSeq}`);
        if (item.type !== "gap") this.#events.push(item);
      }
    } catch (error) {
      this.#faults.push(`the stream of events broke off: ${(error as Error).message}`);
    }
    this.#isOver = true;
  }
}
