import type { EventStream } from "../../client/index.js";

/** Reads all events across all crashes, and holds them against each other: none is missing, none comes twice. */
export class Watcher {
  readonly #events: EventStream;
  readonly #waiting: { readonly seq: number; readonly resolve: () => void }[] = [];
  #seq = 0;

  constructor(events: EventStream) {
    this.#events = events;
  }

  /** Reads until it is stopped. @throws when an event is not the one that follows the last */
  async run(): Promise<void> {
    for await (const { seq, type } of this.#events) {
      if (seq !== this.#seq + 1 || type === "gap") {
        throw new Error(`after event ${this.#seq} came ${type} ${seq}`);
      }
      this.#seq = seq;
      for (const { seq: wanted, resolve } of this.#waiting) if (wanted <= seq) resolve();
    }
  }

  /** Resolves when it has seen that event. */
  reached(seq: number): Promise<void> {
    return new Promise((resolve) => {
      if (seq <= this.#seq) resolve();
      else this.#waiting.push({ seq, resolve });
    });
  }

  stop(): void {
    void this.#events.return();
  }
}
