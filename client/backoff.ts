import { setMaxListeners } from "node:events";

/** The longest delay that Node takes, some 24 days. A timer that is given more fires at once. */
export const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** How the client goes on after its connection broke. */
export interface RetryPolicy {
  /** Pause before the second try. */
  readonly initialIntervalMs: number;
  /** What each pause is multiplied by to get the next. */
  readonly backoffCoefficient: number;
  /** Longest pause. */
  readonly maximumIntervalMs: number;
  /** Share of each pause that is left to chance, 0 to 1, so that many clients do not come back at once. */
  readonly jitter: number;
  /** Longest time for which a call is tried again before its caller gets the error. */
  readonly totalMs: number;
}

/** Comes back within milliseconds after a restart of the daemon, and gives up after half a minute. */
export const DEFAULT_RETRY: RetryPolicy = {
  initialIntervalMs: 25,
  backoffCoefficient: 2,
  maximumIntervalMs: 2_000,
  jitter: 0.5,
  totalMs: 30_000,
};

/**
 * The pause after a failed try, in milliseconds.
 *
 * @param failures tries that failed before that one; 0 gives the initial interval.
 * @param random a number from 0 to 1 that decides the jittered share.
 */
export function pauseMs(
  policy: Omit<RetryPolicy, "totalMs">,
  failures: number,
  random = Math.random(),
): number {
  const { initialIntervalMs, backoffCoefficient, maximumIntervalMs, jitter } = policy;
  const wholeMs = Math.min(maximumIntervalMs, initialIntervalMs * backoffCoefficient ** failures);
  return wholeMs * (1 - jitter * random);
}

/**
 * Waits, at most {@link LONGEST_DELAY_MS}. The timer holds the process: somebody awaits what comes after the pause.
 *
 * @throws the signal's reason, as soon as it is aborted.
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, LONGEST_DELAY_MS));
  });
  try {
    await unlessAborted(passed, signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What `promise` answers, unless the signal is aborted first. The work behind the promise goes on; only the
 * waiting ends.
 *
 * @throws the signal's reason, as soon as it is aborted.
 */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  // Many calls may wait with one signal. Each takes its listener away again, so this is no leak to be warned of.
  setMaxListeners(0, signal);
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
