import type { Result } from "../protocol/types.js";

type Shown = Result<"session/transfers">["items"][number];

/** One export, import or clone under way, for whoever does it. */
export interface Transfer {
  /** Says how far it has come. */
  advanceTo(done: number): void;
  /** It is over, however it ended. */
  end(): void;
}

/** The exports, imports and clones that are under way, and how far each has come. */
export class Transfers {
  readonly #running = new Set<Shown>();

  begin(transfer: Omit<Shown, "done">): Transfer {
    const shown = { ...transfer, done: 0 };
    this.#running.add(shown);
    return {
      advanceTo: (done) => void (shown.done = done),
      end: () => void this.#running.delete(shown),
    };
  }

  list(): Result<"session/transfers"> {
    return { items: [...this.#running].map((shown) => ({ ...shown })) };
  }
}
