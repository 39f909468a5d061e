import type { Ready } from "../support/daemonProcess.js";

/** How long the starts after a crash took. */
export class Recoveries {
  /** From the start of the process to its first answer. */
  readonly #wholeMs: number[] = [];
  /** Of it, the reading of snapshot and journal. */
  readonly #readingMs: number[] = [];

  add(ready: Ready, wholeMs: number): void {
    this.#wholeMs.push(wholeMs);
    this.#readingMs.push(ready.durationMs);
  }

  /** What a start takes, more or less; for whoever wants to be in the midst of one. */
  get typicalMs(): number {
    return Math.round(percentile(this.#wholeMs, 0.5) ?? 500);
  }

  /** All of it in one line. */
  words(): string {
    const of = (all: readonly number[]): string =>
      [0.5, 0.99, 1].map((share) => `${Math.round(percentile(all, share) ?? 0)} ms`).join(", ");
    return `start to first answer p50, p99, max: ${of(this.#wholeMs)}; of it recovery: ${of(this.#readingMs)}`;
  }
}

function percentile(all: readonly number[], share: number): number | undefined {
  const sorted = all.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
