import { LONGEST_DELAY_MS } from "./backoff.js";

/** Beats in one timeout: two may be late or lost before the daemon takes the session for abandoned. */
const BEATS_PER_TIMEOUT = 3;

/**
 * Says again and again that somebody still cares for a session. The timer does not hold the process: a program
 * that is done may end.
 */
export class Heartbeat {
  readonly #beat: () => Promise<boolean>;
  #timer: NodeJS.Timeout | undefined;
  #timeoutMs = 0;
  #isBeating = false;

  /** @param beat sends one beat; answers false when there is nothing left to care for. It does not throw. */
  constructor(beat: () => Promise<boolean>) {
    this.#beat = beat;
  }

  /** Beats often enough for this timeout, from now on. 0 means that none is needed. */
  keepUp(timeoutMs: number): void {
    if (timeoutMs === this.#timeoutMs) return;
    this.stop();
    this.#timeoutMs = timeoutMs;
    if (timeoutMs === 0) return;
    const intervalMs = Math.max(1, Math.floor(timeoutMs / BEATS_PER_TIMEOUT));
    this.#timer = setInterval(() => void this.#once(), Math.min(intervalMs, LONGEST_DELAY_MS));
    this.#timer.unref();
    void this.#once();
  }

  /** Beats no more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#timeoutMs = 0;
  }

  /** One beat at a time: while the daemon is away, a beat waits for it, and more of them would say no more. */
  async #once(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    const goesOn = await this.#beat();
    this.#isBeating = false;
    if (!goesOn) this.stop();
  }
}
