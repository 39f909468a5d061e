/** How long work goes on before timers, the disk and new requests are looked at again. */
const SLICE_MS = 10;

/** Milliseconds of a clock that only goes forward. */
export type MonotonicMs = () => number;

/** A share of the loop's time, from now on. */
export class Slice {
  readonly #nowMs: MonotonicMs;
  readonly #endsMs: number;

  constructor(nowMs: MonotonicMs = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#endsMs = nowMs() + SLICE_MS;
  }

  get isOver(): boolean {
    return this.#nowMs() > this.#endsMs;
  }
}

/** What is to be carried out in a slice that is not over when it begins, and that others had their share of. */
export type Work = (slice: Slice) => void;

/**
 * Carries out what was read, for all connections together, once in a turn of the loop. Between two reads lie calls of
 * the system, which put what is to be done next out of the processor's caches: apart from them it takes less time.
 * And however much is asked for at once, the loop is held up for no longer than a slice and the work that ends it.
 */
export class Turn {
  readonly #nowMs: MonotonicMs | undefined;
  #waiting: Work[] = [];
  #isScheduled = false;

  /** @param nowMs the clock of its slices; a test has its own. */
  constructor(nowMs?: MonotonicMs) {
    this.#nowMs = nowMs;
  }

  /** Runs `work` soon. It is to end soon after its slice, and to come here again with what is left. */
  add(work: Work): void {
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
    const slice = new Slice(this.#nowMs);
    for (let next = 0; next < due.length; next += 1) {
      if (slice.isOver) {
        this.#waiting = [...due.slice(next), ...this.#waiting];
        return this.#schedule();
      }
      due[next]?.(slice);
    }
  }
}
