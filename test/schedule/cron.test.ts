import assert from "node:assert/strict";
import { getTasks } from "node-cron";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Jobs, openJobs } from "../../src/schedule/cron.js";

const START_MS = new Date(2026, 5, 15, 12, 0, 0, 0).getTime();
const HOUR_MS = 3_600_000;

const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn(), debug: vi.fn() };
const consoleSpies = (["log", "info", "warn", "error", "debug"] as const).map((name) =>
  vi.spyOn(console, name),
);
let jobs: Jobs;

beforeEach(() => {
  vi.clearAllMocks();
  vi.useFakeTimers({ now: START_MS });
  jobs = openJobs({ log });
});
afterEach(async () => {
  await jobs.close();
  const timers = vi.getTimerCount();
  vi.useRealTimers();
  const printed = consoleSpies.flatMap((spy) => spy.mock.calls);
  assert.deepEqual({ timers, printed, tasks: getTasks().size }, { timers: 0, printed: [], tasks: 0 });
});

/** A run that ends when the test says so. */
function openGate(): {
  readonly run: () => Promise<void>;
  readonly begun: () => number;
  readonly open: () => void;
} {
  const waiting: (() => void)[] = [];
  let begun = 0;
  return {
    run: () =>
      new Promise((resolve) => {
        begun += 1;
        waiting.push(resolve);
      }),
    begun: () => begun,
    open: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

describe("every", () => {
  it("runs each second with six fields", async () => {
    const run = vi.fn();
    jobs.every("tick", "* * * * * *", run);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(run).toHaveBeenCalledTimes(10);
  });

  it("runs at the times of five fields, on the dot", async () => {
    const ranAtMs: number[] = [];
    jobs.every("quarterly", "*/15 * * * *", () => void ranAtMs.push(Date.now()));
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(ranAtMs).toEqual([15, 30, 45, 60].map((minutes) => START_MS + minutes * 60_000));
  });

  it("says what is wrong with an expression or a name", () => {
    expect(() => jobs.every("bad", "61 * * * * *", () => {})).toThrow(
      /job bad: "61 \* .* not a cron expression \(/,
    );
    expect(() => jobs.every("bad", "whenever", () => {})).toThrow(/not a cron expression/);
    jobs.every("twice", "* * * * *", () => {});
    expect(() => jobs.every("twice", "* * * * *", () => {})).toThrow(/job twice is registered already/);
  });

  it("never lets a job overlap itself, and warns once a run", async () => {
    const gate = openGate();
    jobs.every("slow", "* * * * * *", gate.run);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(gate.begun()).toBe(1);
    expect(log.warn).toHaveBeenCalledTimes(1);
    expect(log.debug).toHaveBeenCalledTimes(2);
    gate.open();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(gate.begun()).toBe(2);
    expect(log.warn).toHaveBeenCalledTimes(2);
    gate.open();
  });

  it("lets jobs run beside each other", async () => {
    const gate = openGate();
    const other = vi.fn();
    jobs.every("slow", "* * * * * *", gate.run);
    jobs.every("other", "* * * * * *", other);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(other).toHaveBeenCalledTimes(3);
    gate.open();
  });
});

describe("a failure", () => {
  const failures: [string, () => void | Promise<void>][] = [
    [
      "thrown at once",
      () => {
        throw new Error("broken");
      },
    ],
    ["of a promise", () => Promise.reject(new Error("broken"))],
  ];

  it.each(failures)("%s is logged, and no reason to stop", async (_, run) => {
    let fail = true;
    const calls = vi.fn();
    jobs.every("job", "* * * * * *", () => {
      calls();
      return fail ? run() : undefined;
    });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(calls).toHaveBeenCalledTimes(2);
    const line = [{ job: "job", err: new Error("broken") }, "job failed"];
    expect([log.error.mock.calls, log.debug.mock.calls]).toEqual([[line], [line]]);
    fail = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(log.info.mock.calls).toEqual([[{ job: "job" }, "job works again"]]);
    fail = true;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(log.error).toHaveBeenCalledTimes(2);
  });

  it("that is no Error is logged as well", async () => {
    jobs.every("odd", "0 0 1 1 *", () => Promise.reject("odd"));
    await jobs.runNow("odd");
    expect(log.error.mock.calls).toEqual([[{ job: "odd", err: "odd" }, "job failed"]]);
  });
});

describe("runNow", () => {
  it("runs between the times, and waits for the end", async () => {
    const gate = openGate();
    jobs.every("yearly", "0 0 1 1 *", gate.run);
    let done = false;
    const ran = jobs.runNow("yearly").then(() => (done = true));
    await vi.advanceTimersByTimeAsync(1_500);
    expect([gate.begun(), done]).toEqual([1, false]);
    gate.open();
    await ran;
  });

  it("joins a run under way", async () => {
    const gate = openGate();
    jobs.every("job", "* * * * * *", gate.run);
    await vi.advanceTimersByTimeAsync(1_000);
    const joined = Promise.all([jobs.runNow("job"), jobs.runNow("job")]);
    gate.open();
    await joined;
    expect(gate.begun()).toBe(1);
  });

  it("does not reject for a job that fails, but for one that is not there", async () => {
    jobs.every("job", "0 0 1 1 *", () => Promise.reject(new Error("broken")));
    await expect(jobs.runNow("job")).resolves.toBeUndefined();
    await expect(jobs.runNow("jobb")).rejects.toThrow(/there is no job jobb; there are: job/);
  });
});

describe("a clock that jumps", () => {
  it("after a night asleep, runs once, late, without walking through what was missed", async () => {
    const run = vi.fn();
    jobs.every("tick", "* * * * * *", run);
    await vi.advanceTimersByTimeAsync(2_000);
    vi.setSystemTime(START_MS + 8 * HOUR_MS);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(run).toHaveBeenCalledTimes(3);
    expect(log.debug).toHaveBeenCalledTimes(1);
    expect(log.debug.mock.calls[0]).toMatchObject([{ job: "tick" }, "job begins late"]);
  });

  it("after a night asleep, makes up for the job of the night", async () => {
    const run = vi.fn();
    jobs.every("nightly", "0 3 * * *", run);
    vi.setSystemTime(START_MS + 22 * HOUR_MS);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(run).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("set back an hour, keeps running", async () => {
    const run = vi.fn();
    jobs.every("tick", "* * * * * *", run);
    await vi.advanceTimersByTimeAsync(2_000);
    vi.setSystemTime(START_MS - HOUR_MS);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(run.mock.calls.length).toBeGreaterThanOrEqual(2 + 4);
  });

  it("a moment before the time, does not run twice", async () => {
    const ranAtMs: number[] = [];
    jobs.every("tick", "*/10 * * * * *", () => void ranAtMs.push(Date.now()));
    // A timer counts on another clock than the wall's, so it may fire a little before the wall shows its time.
    vi.setSystemTime(START_MS - 3);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ranAtMs).toEqual([]);
    await vi.advanceTimersByTimeAsync(3);
    expect(ranAtMs).toEqual([START_MS + 10_000]);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(ranAtMs).toHaveLength(1);
  });
});

describe("close", () => {
  it("cancels every job before it waits for one", () => {
    for (const name of ["a", "b", "c"]) jobs.every(name, "* * * * * *", () => {});
    void jobs.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("waits for the run under way, and lets none begin", async () => {
    const gate = openGate();
    jobs.every("job", "* * * * * *", gate.run);
    jobs.every("idle", "* * * * * *", () => {});
    await vi.advanceTimersByTimeAsync(1_000);
    let closed = false;
    const closing = jobs.close().then(() => (closed = true));
    await vi.advanceTimersByTimeAsync(5_000);
    expect([closed, gate.begun()]).toEqual([false, 1]);
    gate.open();
    await closing;
    expect(() => jobs.every("late", "* * * * *", () => {})).toThrow(/stopping/);
    await expect(jobs.runNow("job")).rejects.toThrow(/stopping/);
    await jobs.close();
  });
});
