import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { LONGEST_DELAY_MS, pause } from "../../client/backoff.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a pause", () => {
  it.each([Number.POSITIVE_INFINITY, 2 ** 31, 100 * 86_400_000])(
    "of %d ms does not end at once",
    async (ms) => {
      const passed = vi.fn();
      const pausing = pause(ms).then(passed);
      await vi.advanceTimersByTimeAsync(LONGEST_DELAY_MS - 1);
      expect(passed).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(1);
      await pausing;
      expect(vi.getTimerCount()).toBe(0);
    },
  );
});
