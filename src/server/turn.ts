/** How long work goes on before timers, the disk and new requests are looked at again. */
const SLICE_MS = 10;

/** A share of the loop's time, from now on. */
export class Slice {
  readonly #endsMs = performance.now() + SLICE_MS;

  get isOver(): boolean {
    return performance.now() > this.#endsMs;
  }
}

/**
 * Carries out what was read, for all connections together, once in a turn of the loop. Between two reads lie calls of
 * the system, which put what is to be done next out of the processor's caches: apart from them it takes a tenth less.
 * And however much is asked for at once, the loop is held up for no longer than a slice and the work that ends it.
 */
export class Turn {
  #waiting: (() => void)[] = [];
  #isScheduled = false;

  /** Runs `work` soon. It is to take a slice at most, and to come here again with what is left. */
  add(work: () => void): void {
    this.#waiting.push(work);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    this.#isScheduled = false;
    const due = this.#waiting;
    this.#waiting = [];
    const slice = new Slice();
    for (let next = 0; next < due.length; next += 1) {
      if (slice.isOver) {
        this.#waiting = [...due.slice(next), ...this.#waiting];
        return this.#schedule();
      }
      due[next]?.();
    }
  }
}
