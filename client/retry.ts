import { LONGEST_DELAY_MS, pause, pauseMs } from "./backoff.js";

/** A try that failed, and how long the next one waits. */
export interface FailedTry {
  readonly error: unknown;
  /** Which try it was; 1 is the first. */
  readonly attempt: number;
  /** The pause that begins now. */
  readonly delayMs: number;
}

/** How often and how patiently a function is called again. */
export interface RetryOptions {
  /** Tries in all, the first included; `Infinity` goes on for ever. 3. */
  readonly maxAttempts?: number;
  /** Pause before the second try. 100. */
  readonly initialIntervalMs?: number;
  /** What each pause is multiplied by to get the next. 2. */
  readonly backoffCoefficient?: number;
  /** Longest pause; none is longer than a timer of Node takes, some 24 days. 10,000. */
  readonly maximumIntervalMs?: number;
  /** Share of each pause that is left to chance, 0 to 1: it makes pauses shorter, never longer. 0.2. */
  readonly jitter?: number;
  /** Whether it is worth another try; every error is, if absent. `attempt` is the try that failed. */
  readonly isRetryable?: (error: unknown, attempt: number) => boolean;
  /** No try is begun once it is aborted, and a pause ends; a try that is under way does not. */
  readonly signal?: AbortSignal | undefined;
  /** Called before every pause. What it throws is not the work's concern, and is not passed on. */
  readonly onRetry?: (failed: FailedTry) => void;
}

/**
 * What `work` answers; it is called again with growing pauses while it throws or rejects.
 *
 * @param work is told which try it is; 1 is the first.
 * @throws the very error of the last try; the signal's reason, once that is aborted; a RangeError for a `maxAttempts`
 *   that is no whole number of at least 1.
 */
export async function retry<T>(
  work: (attempt: number) => T | Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { maxAttempts = 3, isRetryable = () => true, signal, onRetry } = options;
  if (maxAttempts !== Number.POSITIVE_INFINITY && !(Number.isInteger(maxAttempts) && maxAttempts >= 1)) {
    throw new RangeError(
      `maxAttempts is ${maxAttempts}; it has to be a whole number of at least 1, or Infinity`,
    );
  }
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= maxAttempts || !isRetryable(error, attempt)) throw error;
      const delayMs = delayAfter(attempt, options);
      tell(onRetry, { error, attempt, delayMs });
      await pause(delayMs, signal);
    }
  }
}

function delayAfter(attempt: number, options: RetryOptions): number {
  const {
    initialIntervalMs = 100,
    backoffCoefficient = 2,
    maximumIntervalMs = 10_000,
    jitter = 0.2,
  } = options;
  // Nothing times infinity, which the growth comes to after a thousand tries, is no number.
  if (initialIntervalMs === 0) return 0;
  const longestMs = Math.min(maximumIntervalMs, LONGEST_DELAY_MS);
  const policy = { initialIntervalMs, backoffCoefficient, maximumIntervalMs: longestMs, jitter };
  return pauseMs(policy, attempt - 1);
}

function tell(onRetry: RetryOptions["onRetry"], failed: FailedTry): void {
  try {
    onRetry?.(failed);
  } catch {
    // Whoever watches must not end what it watches.
  }
}
