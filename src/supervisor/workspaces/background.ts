/** Work that goes on beside everything else, and that a stop breaks off and waits for. */
export class Background {
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();

  /** Aborted by the stop. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** Counts work as under way until it has come to its end, and answers it. */
  during<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    const forget = (): void => void this.#underWay.delete(work);
    work.then(forget, forget);
    return work;
  }

  /** The same for what the next start would do again: a failure is told, unless the stop is the reason of it. */
  attempt(work: () => Promise<void>, tell: (error: unknown) => void): Promise<void> {
    const attempted = work().catch((error: unknown) => {
      if (!this.signal.aborted) tell(error);
    });
    return this.during(attempted);
  }

  /** Breaks off what is under way; resolves when nothing is. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the daemon is stopping"));
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }
}
