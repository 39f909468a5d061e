import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { LONGEST_DELAY_MS } from "../../client/backoff.js";
import { retry, type FailedTry } from "../../client/index.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Fails so often, then answers which try it was. */
function failing(failures: number): { work: (attempt: number) => number; errors: Error[] } {
  const errors: Error[] = [];
  const work = (attempt: number): number => {
    if (attempt > failures) return attempt;
    const error = new Error(`try ${attempt}`, { cause: { attempt } });
    errors.push(error);
    throw error;
  };
  return { work, errors };
}

/** The pauses of a call that fails to its end. */
async function pausesOf(options: Parameters<typeof retry>[1]): Promise<number[]> {
  const pauses: number[] = [];
  const onRetry = ({ delayMs }: FailedTry): void => void pauses.push(delayMs);
  const done = retry(failing(Infinity).work, { ...options, onRetry }).catch(() => undefined);
  await vi.runAllTimersAsync();
  await done;
  return pauses;
}

describe("retry", () => {
  it("S0.14 answers at once what succeeds at once, synchronous or not", async () => {
    await expect(retry(() => 1)).resolves.toBe(1);
    await expect(retry(() => Promise.resolve("two"))).resolves.toBe("two");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("S0.14 calls again until it succeeds, and tells of each failure", async () => {
    const { work, errors } = failing(2);
    const failed: FailedTry[] = [];
    const answer = retry(work, { jitter: 0, onRetry: (one) => failed.push(one) });
    await vi.advanceTimersByTimeAsync(299);
    expect(errors).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    await expect(answer).resolves.toBe(3);
    expect(failed).toEqual([
      { error: errors[0], attempt: 1, delayMs: 100 },
      { error: errors[1], attempt: 2, delayMs: 200 },
    ]);
  });

  it("S0.14 throws the very error of the last try, its cause untouched", async () => {
    const { work, errors } = failing(Infinity);
    const thrown = retry(work).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await thrown).toBe(errors[2]);
    expect(errors.map(({ cause }) => cause)).toEqual([{ attempt: 1 }, { attempt: 2 }, { attempt: 3 }]);
  });

  it("S0.14 throws at once what is not worth another try", async () => {
    const { work, errors } = failing(Infinity);
    const asked: unknown[][] = [];
    const isRetryable = (...args: [unknown, number]): boolean => asked.push(args) < 2;
    const thrown = retry(work, { maxAttempts: 9, isRetryable }).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await thrown).toBe(errors[1]);
    expect(asked).toEqual([
      [errors[0], 1],
      [errors[1], 2],
    ]);
  });

  it("S0.14 lets pauses grow up to the longest, which a timer can take", async () => {
    const grows = { maxAttempts: 5, initialIntervalMs: 10, backoffCoefficient: 3, jitter: 0 };
    expect(await pausesOf({ ...grows, maximumIntervalMs: 100 })).toEqual([10, 30, 90, 100]);
    const long = { maxAttempts: 2, initialIntervalMs: 2 ** 40, maximumIntervalMs: Infinity, jitter: 0 };
    expect(await pausesOf(long)).toEqual([LONGEST_DELAY_MS]);
    expect(await pausesOf({ maxAttempts: 1_200, initialIntervalMs: 0 })).toEqual(
      Array.from({ length: 1_199 }, () => 0),
    );
  });

  it("S0.14 leaves a share of the pauses to chance, and never makes them longer", async () => {
    vi.spyOn(Math, "random").mockReturnValueOnce(0).mockReturnValueOnce(0.5).mockReturnValueOnce(1);
    expect(await pausesOf({ maxAttempts: 4, backoffCoefficient: 1 })).toEqual([100, 90, 80]);
  });

  it("S0.14 ends with its signal: before a try and in a pause, not in the middle of a try", async () => {
    const work = vi.fn(() => 1);
    await expect(retry(work, { signal: AbortSignal.abort(new Error("early")) })).rejects.toThrow("early");
    expect(work).not.toHaveBeenCalled();

    const controller = new AbortController();
    const { work: fails, errors } = failing(Infinity);
    const thrown = retry(fails, { maxAttempts: Infinity, signal: controller.signal }).catch(
      (error: unknown) => error,
    );
    await vi.advanceTimersByTimeAsync(150);
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await thrown).toBe(reason);
    expect(errors).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("S0.14 is not ended by whoever watches", async () => {
    const onRetry = (): never => {
      throw new Error("the watcher's own");
    };
    const answer = retry(failing(1).work, { onRetry });
    await vi.runAllTimersAsync();
    await expect(answer).resolves.toBe(2);
  });

  it.each([0, -1, 1.5, Number.NaN])("S0.14 refuses %d tries", async (maxAttempts) => {
    const work = vi.fn(() => 1);
    await expect(retry(work, { maxAttempts })).rejects.toThrow(RangeError);
    expect(work).not.toHaveBeenCalled();
  });
});
