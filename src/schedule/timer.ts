/** The longest delay that Node takes. It fires at once, with a warning, for anything longer. */
export const LONGEST_DELAY_MS = 2 ** 31 - 1;

export interface TimerOptions {
  /** True lets the process end while the timer is pending. */
  readonly unref?: boolean;
}

/**
 * Calls `fn` once, `delayMs` from now, however far that is: a long delay is a chain of timers of some 24 days each.
 * A negative delay is 0; an infinite one never fires. The returned function cancels, and does no harm afterwards.
 * Throws a RangeError for NaN.
 */
export function after(delayMs: number, fn: () => void, options: TimerOptions = {}): () => void {
  if (Number.isNaN(delayMs))
    throw new RangeError("a timer's delay must be a number of milliseconds, not NaN");
  let timer: NodeJS.Timeout;
  const wait = (leftMs: number): void => {
    const linkMs = Math.min(Math.max(0, leftMs), LONGEST_DELAY_MS);
    timer = setTimeout(() => (leftMs > linkMs ? wait(leftMs - linkMs) : fn()), linkMs);
    if (options.unref === true) timer.unref();
  };
  wait(delayMs);
  return () => clearTimeout(timer);
}
