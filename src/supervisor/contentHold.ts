import { inLanes } from "../process/lanes.js";

/** How many of the removals that had to wait are done at a time. */
const REMOVAL_LANES = 2;

/**
 * Keeps what lies on disk where it is, for whoever copies it: as long as it is held, removals wait. What is removed
 * is gone from the state already, so nobody sees the difference; after a crash the next start removes it.
 */
export class ContentHold {
  #isHeld = false;
  /** Removals that had to wait are being done. */
  #isClearing = false;
  readonly #waiting: (() => Promise<void>)[] = [];

  /** Whether removals wait, or are only now being done. */
  get isBusy(): boolean {
    return this.#isHeld || this.#isClearing;
  }

  /** Holds everything while `work` goes on, however it ends. One at a time. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isHeld) throw new Error("The content is held already: one backup at a time.");
    this.#isHeld = true;
    try {
      return await work();
    } finally {
      this.#isHeld = false;
      void this.#clear();
    }
  }

  /** Does a removal: at once, or when nothing is held any more. */
  removal(remove: () => Promise<void>): Promise<void> {
    if (!this.#isHeld) return remove();
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => remove().then(resolve, reject));
    });
  }

  /** None of them rejects here: each tells its own caller. */
  async #clear(): Promise<void> {
    this.#isClearing = true;
    await inLanes(this.#waiting.splice(0), REMOVAL_LANES, (removal) => removal());
    this.#isClearing = false;
  }
}
