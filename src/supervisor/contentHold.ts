import { inLanes } from "../lanes.js";

/** How many of the removals that had to wait are done at a time. */
const REMOVAL_LANES = 2;

/**
 * Keeps what lies on disk where it is, for whoever copies it: as long as it is held, removals wait. What is removed
 * is gone from the state already, so nobody sees the difference; after a crash the next start removes it.
 */
export class ContentHold {
  #isHeld = false;
  /** How many removals, or rows of them, are being done just now. */
  #underWay = 0;
  #isLeft = false;
  readonly #waiting: (() => Promise<void>)[] = [];

  /** Whether removals wait, or are only now being done: what asked for them has to stay in the journal meanwhile. */
  get isBusy(): boolean {
    return this.#isHeld || this.#underWay > 0;
  }

  /** Whether everything that was asked for is done, so that the next start need not find it in the journal. */
  get isSettled(): boolean {
    return !this.isBusy && !this.#isLeft;
  }

  /** Holds everything while `work` goes on, however it ends. One at a time. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isHeld) throw new Error("The content is held already: one backup at a time.");
    this.#isHeld = true;
    try {
      return await work();
    } finally {
      this.#isHeld = false;
      void this.clear(this.#waiting.splice(0));
    }
  }

  /** Does a removal: at once, or when nothing is held any more. */
  removal(remove: () => Promise<void>): Promise<void> {
    if (!this.#isHeld) return this.#do(remove);
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => this.#do(remove).then(resolve, reject));
    });
  }

  /** Does many removals, a few at a time, and is busy as long. None of them may reject. */
  clear(removals: readonly (() => Promise<void>)[]): Promise<void> {
    return this.#during(() => inLanes(removals, REMOVAL_LANES, (remove) => this.removal(remove)));
  }

  async #during(work: () => Promise<void>): Promise<void> {
    this.#underWay += 1;
    try {
      await work();
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Something was not done, and is left to the next start, which has to find it in the journal. */
  leave(): void {
    this.#isLeft = true;
  }

  async #do(remove: () => Promise<void>): Promise<void> {
    try {
      await this.#during(remove);
    } catch (error) {
      this.leave();
      throw error;
    }
  }
}
