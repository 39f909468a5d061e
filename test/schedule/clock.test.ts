import { describe, expect, it } from "vitest";
import { openSystemClock, type SystemClock } from "../../src/schedule/clock.js";

interface FakeTime {
  readonly clock: SystemClock;
  readonly gaps: number[];
  /** Time passes for everybody. */
  readonly pass: (ms: number) => void;
  /** The machine sleeps: only the time since boot goes on. */
  readonly sleep: (ms: number) => void;
}

function openFake(baseUpMs = 0, startMs = 5_000): FakeTime {
  let monotonicMs = startMs;
  let bootMs = startMs + 77;
  const gaps: number[] = [];
  const clock = openSystemClock({
    baseUpMs,
    onGap: (gapMs) => gaps.push(gapMs),
    monotonicMs: () => monotonicMs,
    bootMs: () => bootMs,
    wallMs: () => 1_234,
  });
  return {
    clock,
    gaps,
    pass: (ms) => {
      monotonicMs += ms;
      bootMs += ms;
    },
    sleep: (ms) => {
      bootMs += ms;
    },
  };
}

describe("up-time", () => {
  it("goes on from what earlier daemons left, whatever the clocks show", () => {
    const { clock, pass } = openFake(1_000);
    expect(clock.upMs()).toBe(1_000);
    pass(500);
    expect(clock.upMs()).toBe(1_500);
    pass(2_000);
    expect(clock.upMs(), "exactly 2,000 ms still count").toBe(3_500);
  });

  it("does not count a gap of over 2,000 ms, and says so at the next tick, once", () => {
    const { clock, gaps, pass } = openFake();
    pass(2_001);
    expect(clock.upMs()).toBe(0);
    expect(gaps).toEqual([]);
    clock.tick();
    clock.tick();
    expect(gaps).toEqual([2_001]);
    pass(1_000);
    clock.tick();
    expect(clock.upMs()).toBe(1_000);
    expect(gaps).toEqual([2_001]);
  });

  it("adds up the gaps between two ticks", () => {
    const { clock, gaps, pass } = openFake();
    pass(3_000);
    clock.upMs();
    pass(4_000);
    clock.tick();
    expect(gaps).toEqual([7_000]);
  });

  it("notices sleep, in which the monotonic clock stands still", () => {
    const { clock, gaps, pass, sleep } = openFake();
    pass(400);
    sleep(8 * 3_600_000);
    clock.tick();
    expect(clock.upMs()).toBe(400);
    expect(gaps).toEqual([8 * 3_600_000]);
  });

  it("goes on from what the journal knows, where that is more", () => {
    const { clock, pass } = openFake(10);
    clock.advanceTo(1_000);
    clock.advanceTo(500);
    pass(5);
    expect(clock.upMs()).toBe(1_005);
  });

  it("never goes back", () => {
    const { clock, pass } = openFake(10);
    pass(-500);
    expect(clock.upMs()).toBe(10);
    pass(5);
    expect(clock.upMs()).toBe(15);
  });

  it("may be asked again by whoever is told of a gap", () => {
    const seen: number[] = [];
    let nowMs = 0;
    const clock: SystemClock = openSystemClock({
      baseUpMs: 0,
      monotonicMs: () => nowMs,
      bootMs: () => nowMs,
      onGap: () => {
        clock.tick();
        seen.push(clock.upMs());
      },
    });
    nowMs = 9_000;
    clock.tick();
    expect(seen).toEqual([0]);
  });

  it("needs nobody to be told", () => {
    let nowMs = 0;
    const clock = openSystemClock({ baseUpMs: 3, monotonicMs: () => nowMs, bootMs: () => 0 });
    nowMs = 5_000;
    clock.tick();
    expect(clock.upMs()).toBe(3);
  });
});

describe("the system's own clocks", () => {
  it("tell the time", () => {
    const clock = openSystemClock({ baseUpMs: 0 });
    const first = clock.upMs();
    expect(clock.upMs()).toBeGreaterThanOrEqual(first);
    expect(Math.abs(clock.nowMs() - Date.now())).toBeLessThan(60_000);
    expect(openFake().clock.nowMs()).toBe(1_234);
  });
});
