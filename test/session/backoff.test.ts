import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { pauseMs } from "../../src/session/backoff.js";
import { CONFIG } from "./samples.js";

const retry = { ...CONFIG.retry, initialIntervalMs: 1_000, backoffCoefficient: 2, maximumIntervalMs: 5_000 };
const TEN_YEARS_MS = 315_360_000_000;

/** Every policy that the protocol lets through. */
const policies = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 1_000 }),
  initialIntervalMs: fc.integer({ min: 0, max: TEN_YEARS_MS }),
  backoffCoefficient: fc.double({ min: 1, max: 100, noNaN: true }),
  maximumIntervalMs: fc.integer({ min: 0, max: TEN_YEARS_MS }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  nonRetryableExitCodes: fc.array(fc.nat(255), { maxLength: 2 }),
});
const attempts = fc.integer({ min: 1, max: 1_000 });

describe("pauseMs", () => {
  it("grows by the coefficient, up to the maximum", () => {
    expect([1, 2, 3, 4, 5].map((attempt) => pauseMs(retry, attempt, 0))).toEqual([
      1_000, 2_000, 4_000, 5_000, 5_000,
    ]);
  });

  it("grows on where there is no maximum", () => {
    expect(pauseMs({ ...retry, maximumIntervalMs: 0 }, 11, 0)).toBe(1_024_000);
  });

  it("leaves the share of the jitter to chance", () => {
    const jittery = { ...retry, jitter: 0.25 };
    expect([0, 0.5, 1].map((chance) => pauseMs(jittery, 1, chance))).toEqual([1_000, 875, 750]);
    expect(pauseMs({ ...retry, jitter: 1 }, 1, 1)).toBe(0);
  });

  it("stays a number when the power is infinite", () => {
    const steep = { ...retry, backoffCoefficient: 100, maximumIntervalMs: 0 };
    expect(100 ** 999).toBe(Infinity);
    expect(pauseMs(steep, 1_000, 0)).toBe(TEN_YEARS_MS);
    expect(pauseMs({ ...steep, initialIntervalMs: 0 }, 1_000, 0)).toBe(0);
    expect(pauseMs({ ...steep, jitter: 1 }, 1_000, 1)).toBe(0);
  });

  it("is a whole number within its bounds, whatever the policy", () => {
    fc.assert(
      fc.property(
        policies,
        attempts,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (policy, attempt, chance) => {
          const pause = pauseMs(policy, attempt, chance);
          const most = pauseMs({ ...policy, jitter: 0 }, attempt, 0);
          const maximumMs = policy.maximumIntervalMs > 0 ? policy.maximumIntervalMs : TEN_YEARS_MS;
          expect(Number.isSafeInteger(pause)).toBe(true);
          expect(most).toBeLessThanOrEqual(maximumMs);
          expect(most).toBeGreaterThanOrEqual(Math.min(policy.initialIntervalMs, maximumMs));
          expect(pause).toBeLessThanOrEqual(most);
          // Both are rounded, each by half a millisecond at most.
          expect(pause).toBeGreaterThanOrEqual(Math.floor(most * (1 - policy.jitter)) - 1);
        },
      ),
    );
  });

  it("never shrinks from one try to the next, but for the jitter", () => {
    fc.assert(
      fc.property(policies, attempts, (policy, attempt) => {
        const steady = { ...policy, jitter: 0 };
        expect(pauseMs(steady, attempt + 1, 0)).toBeGreaterThanOrEqual(pauseMs(steady, attempt, 0));
      }),
    );
  });
});
