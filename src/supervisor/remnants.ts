import type { Supervised } from "../process/supervised.js";

type Left = Pick<Supervised, "stop" | "gone">;

/** What the last try of a command left behind, as long as that is being ended. */
export class Remnants {
  #last: Left | undefined;

  /** Resolves when nothing is left. */
  get gone(): Promise<void> {
    return this.#last?.gone ?? Promise.resolve();
  }

  leave(last: Left): void {
    this.#last = last;
    const forget = (): void => {
      if (this.#last === last) this.#last = undefined;
    };
    last.gone.then(forget, forget);
  }

  /** Ends what is left; nothing where nothing is. See `Supervised.stop`. */
  stop(graceMs: number, cause: string): void {
    this.#last?.stop(graceMs, cause);
  }
}
