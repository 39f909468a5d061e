const SLOT_MS = 5_000;
const SLOTS = 12;

/** A count over the last minute, in slots of five seconds: it takes the same memory however much is counted. */
export class Window {
  readonly #counts = new Uint32Array(SLOTS);
  /** The number of the newest slot, counted from zero of the clock. */
  #newest = 0;

  add(upMs: number, count: number): void {
    this.#turnTo(upMs);
    const at = this.#newest % SLOTS;
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
  }

  /** What was counted in the last 55 to 60 seconds. */
  sum(upMs: number): number {
    this.#turnTo(upMs);
    let sum = 0;
    for (const count of this.#counts) sum += count;
    return sum;
  }

  /** Empties the slots that have become a minute old. */
  #turnTo(upMs: number): void {
    const slot = Math.floor(upMs / SLOT_MS);
    if (slot - this.#newest >= SLOTS) this.#counts.fill(0);
    else for (let next = this.#newest + 1; next <= slot; next += 1) this.#counts[next % SLOTS] = 0;
    this.#newest = Math.max(this.#newest, slot);
  }
}
