import type { IntervalHistogram } from "node:perf_hooks";
import { describe, expect, it } from "vitest";

import { LoopDelay } from "../../src/schedule/loopDelay.js";
import { until } from "../support/until.js";

/** A histogram that says what the test says: every look came after so many milliseconds. */
function scripted(): { readonly histogram: IntervalHistogram; looks: number[]; isEnabled: boolean } {
  const state = { looks: [] as number[], isEnabled: false };
  const at = (share: number): number => {
    const sorted = state.looks.toSorted((a, b) => a - b);
    return (sorted[Math.ceil(sorted.length * share) - 1] ?? 0) * 1_000_000;
  };
  const histogram = {
    enable: () => (state.isEnabled = true),
    disable: () => !(state.isEnabled = false),
    reset: () => void (state.looks = []),
    get count() {
      return state.looks.length;
    },
    get max() {
      return at(1);
    },
    percentile: (percent: number) => at(percent / 100),
  };
  return Object.assign(state, { histogram: histogram as unknown as IntervalHistogram });
}

describe("how late the loop is", () => {
  it("is what a look comes later than it should; nothing while there was none", () => {
    const script = scripted();
    const loop = new LoopDelay(script.histogram);
    expect([script.isEnabled, loop.figures]).toEqual([true, { p50Ms: 0, p99Ms: 0, maxMs: 0 }]);
    script.looks = [...Array.from({ length: 98 }, () => 20.52), 22, 55.04];
    expect(loop.figures).toEqual({ p50Ms: 0.5, p99Ms: 2, maxMs: 35 });
    // A timer may come a little early.
    script.looks = [19.8];
    expect(loop.figures.maxMs).toBe(0);
    loop.close();
    expect(script.isEnabled).toBe(false);
  });

  it("is that of the worst span, for as long as that is among the last six", () => {
    const script = scripted();
    const loop = new LoopDelay(script.histogram);
    script.looks = [120];
    for (let span = 1; span < 6; span += 1) {
      loop.next();
      script.looks = [20 + span];
      expect(loop.figures).toEqual({ p50Ms: 100, p99Ms: 100, maxMs: 100 });
    }
    loop.next();
    expect(loop.figures).toEqual({ p50Ms: 5, p99Ms: 5, maxMs: 5 });
  });

  it("is measured by Node", async () => {
    const loop = new LoopDelay();
    await until("a look that came too late", () => {
      const endMs = performance.now() + 60;
      while (performance.now() < endMs);
      return loop.figures.maxMs >= 20;
    });
    loop.close();
  });
});
