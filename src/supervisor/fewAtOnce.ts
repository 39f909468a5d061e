/** Runs things a few at a time, in the order in which they were asked for; a failure stops none of the next. */
export class FewAtOnce {
  readonly #most: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param most how many run at a time */
  constructor(most: number) {
    this.#most = most;
  }

  /** Runs it as soon as there is room, and answers what it answers. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#most) this.#running += 1;
    // Whoever ends hands the room over, so that nobody who comes later gets it first.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
