/** Runs one thing after the other, in the order in which they were asked for; a failure stops none of the next. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** The same for each key by itself: what has another key goes on meanwhile. */
export class SerialByKey {
  readonly #lanes = new Map<string, { readonly serial: Serial; waiting: number }>();

  /** How many keys have something under way. */
  get size(): number {
    return this.#lanes.size;
  }

  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const lane = this.#lanes.get(key) ?? { serial: new Serial(), waiting: 0 };
    this.#lanes.set(key, lane);
    lane.waiting += 1;
    try {
      return await lane.serial.run(task);
    } finally {
      lane.waiting -= 1;
      if (lane.waiting === 0) this.#lanes.delete(key);
    }
  }
}
