import type { Clock } from "../schedule/clock.js";

/**
 * The last heartbeat of each session. Beats are not journaled: only what a missing one decides is. So after
 * a start, or a resume, a session has its whole time anew.
 */
export class Beats {
  readonly #clock: Clock;
  readonly #beats = new Map<string, { readonly up: number; readonly at: number | undefined }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  beat(sessionId: string): void {
    this.#beats.set(sessionId, { up: this.#clock.upMs(), at: this.#clock.nowMs() });
  }

  /** Up-time from which the next beat is awaited: the last beat, or when this was first asked. */
  since(sessionId: string): number {
    const beat = this.#beats.get(sessionId);
    if (beat !== undefined) return beat.up;
    const up = this.#clock.upMs();
    this.#beats.set(sessionId, { up, at: undefined });
    return up;
  }

  /** Counts anew from now on, as when the time between two beats was changed. The last beat is still told of. */
  expect(sessionId: string): void {
    this.#beats.set(sessionId, { up: this.#clock.upMs(), at: this.lastAt(sessionId) });
  }

  /** Wall time of the last beat, if there was one since the start. */
  lastAt(sessionId: string): number | undefined {
    return this.#beats.get(sessionId)?.at;
  }

  forget(sessionId: string): void {
    this.#beats.delete(sessionId);
  }
}
