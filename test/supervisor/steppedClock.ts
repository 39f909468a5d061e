import type { Clock } from "../../src/schedule/clock.js";

/** A clock that stands still until it is told to go on. */
export class SteppedClock implements Clock {
  #now: number;
  #up: number;

  constructor(now = 1_000_000, up = 5_000) {
    this.#now = now;
    this.#up = up;
  }

  nowMs(): number {
    return this.#now;
  }

  upMs(): number {
    return this.#up;
  }

  /** Lets time pass, on both clocks. */
  pass(ms: number): void {
    this.#now += ms;
    this.#up += ms;
  }

  /** Lets the wall clock jump, as when the machine slept. */
  jump(ms: number): void {
    this.#now += ms;
  }
}
