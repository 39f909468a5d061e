import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { after, LONGEST_DELAY_MS } from "../../src/schedule/timer.js";

const DAY_MS = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("after", () => {
  it.each([1, 1_000, LONGEST_DELAY_MS, LONGEST_DELAY_MS + 1, 3 * LONGEST_DELAY_MS, 365 * DAY_MS])(
    "fires once, %d ms from now",
    (delayMs) => {
      const fn = vi.fn();
      after(delayMs, fn);
      vi.advanceTimersByTime(delayMs - 1);
      expect(fn).toHaveBeenCalledTimes(0);
      vi.advanceTimersByTime(1);
      expect(fn).toHaveBeenCalledTimes(1);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it.each([0, -5, Number.NEGATIVE_INFINITY])("takes %d for the next moment", (delayMs) => {
    const fn = vi.fn();
    after(delayMs, fn);
    expect(fn).toHaveBeenCalledTimes(0);
    vi.advanceTimersByTime(1);
    expect(fn).toHaveBeenCalledTimes(1);
  });

  it("never fires after an infinite delay", () => {
    const fn = vi.fn();
    const cancel = after(Number.POSITIVE_INFINITY, fn);
    vi.advanceTimersByTime(10 * LONGEST_DELAY_MS);
    expect(fn).not.toHaveBeenCalled();
    cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([0, 1.5])("is cancelled after %d links of its chain", (links) => {
    const fn = vi.fn();
    const cancel = after(3 * LONGEST_DELAY_MS, fn);
    vi.advanceTimersByTime(links * LONGEST_DELAY_MS);
    cancel();
    cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(5 * LONGEST_DELAY_MS);
    expect(fn).not.toHaveBeenCalled();
  });

  it("refuses a delay that is no number", () => {
    expect(() => after(Number.NaN, () => {})).toThrow(RangeError);
  });

  it("never hands Node a delay that would fire at once, and keeps a process alive only if it should", () => {
    vi.useRealTimers();
    const spy = vi.spyOn(globalThis, "setTimeout");
    try {
      const cancels = [after(10 ** 12, () => {}), after(10 ** 12, () => {}, { unref: true })];
      expect(spy.mock.calls.map(([, delayMs]) => delayMs)).toEqual([LONGEST_DELAY_MS, LONGEST_DELAY_MS]);
      expect(spy.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([true, false]);
      for (const cancel of cancels) cancel();
    } finally {
      spy.mockRestore();
    }
  });
});
