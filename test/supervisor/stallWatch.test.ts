import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { StallReport } from "../../src/session/events.js";
import type { StallPolicy } from "../../src/session/state.js";
import { StallWatch, type StallWatchParts } from "../../src/supervisor/stallWatch.js";

/** Wall time when a test begins. */
const BEGIN = 1_000_000;

beforeEach(() => void vi.useFakeTimers({ now: BEGIN }));
afterEach(() => void vi.useRealTimers());

interface Scene {
  readonly watch: StallWatch;
  readonly stalls: StallReport[];
  readonly recoveries: string[];
  /** What the machine and the session tell. */
  readonly signs: { usedMs: number | undefined; beatAt: number | undefined; looks: number };
}

function scene(policy: Partial<StallPolicy>, parts: Partial<StallWatchParts> = {}): Scene {
  const stalls: StallReport[] = [];
  const recoveries: string[] = [];
  const signs = { usedMs: 0 as number | undefined, beatAt: undefined as number | undefined, looks: 0 };
  const watch = new StallWatch({
    policy: { afterMs: 10_000, action: "tell", watch: ["output", "cpu", "heartbeat"], ...policy },
    isStalled: false,
    outputBytes: 0,
    usedMs: 0,
    nowMs: () => Date.now(),
    cpuMs: () => {
      signs.looks += 1;
      return Promise.resolve(signs.usedMs);
    },
    lastBeatAt: () => signs.beatAt,
    onStall: (seen) => void stalls.push(seen),
    onRecovery: (sign) => void recoveries.push(sign),
    ...parts,
  });
  return { watch, stalls, recoveries, signs };
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe("a watch", () => {
  it("tells once what it saw when nothing moves for the time of the policy", async () => {
    const { watch, stalls, recoveries } = scene({});
    await pass(4_000);
    watch.output(7);
    await pass(9_900);
    expect(stalls).toEqual([]);
    await pass(100_000);
    expect(stalls).toEqual([
      {
        since: BEGIN + 4_000,
        outputBytes: 7,
        lastOutputAt: BEGIN + 4_000,
        cpuMs: 0,
        lastHeartbeatAt: undefined,
      },
    ]);
    expect(recoveries).toEqual([]);
  });

  it("tells when something moves again, and of the next stall", async () => {
    const { watch, stalls, recoveries } = scene({ watch: ["output"] });
    await pass(20_000);
    watch.output(1);
    expect(recoveries).toEqual(["output"]);
    await pass(9_999);
    expect(stalls).toHaveLength(1);
    await pass(1);
    expect(stalls).toHaveLength(2);
    expect(stalls[1]).toMatchObject({ since: BEGIN + 20_000, outputBytes: 1 });
  });

  it("takes CPU for life where it is more than waiting uses", async () => {
    const busy = scene({ watch: ["cpu"] });
    for (let second = 0; second < 60; second += 1) {
      busy.signs.usedMs = (busy.signs.usedMs ?? 0) + 50;
      await pass(1_000);
    }
    expect(busy.stalls).toEqual([]);
    busy.watch.close();
    const idle = scene({ watch: ["cpu"] });
    for (let second = 0; second < 12; second += 1) {
      idle.signs.usedMs = (idle.signs.usedMs ?? 0) + 2;
      await pass(1_000);
    }
    expect(idle.stalls).toMatchObject([{ since: BEGIN + 60_000, cpuMs: 20 }]);
    idle.signs.usedMs = 10_000;
    await pass(2_500);
    expect(idle.recoveries).toEqual(["cpu"]);
  });

  it("takes heartbeats for life from when they came", async () => {
    const { signs, stalls, recoveries } = scene({ watch: ["heartbeat"] });
    await pass(6_000);
    signs.beatAt = Date.now();
    await pass(9_999);
    expect(stalls).toEqual([]);
    await pass(1);
    expect(stalls).toMatchObject([{ since: BEGIN + 6_000, lastHeartbeatAt: BEGIN + 6_000 }]);
    signs.beatAt = Date.now();
    await pass(2_500);
    expect(recoveries).toEqual(["heartbeat"]);
  });

  it("takes only what is watched for life", async () => {
    const { watch, signs, stalls } = scene({ watch: ["heartbeat"] });
    signs.usedMs = 90_000;
    await pass(5_000);
    watch.output(5);
    await pass(5_000);
    expect(stalls).toEqual([
      {
        since: BEGIN,
        outputBytes: 5,
        lastOutputAt: BEGIN + 5_000,
        cpuMs: undefined,
        lastHeartbeatAt: undefined,
      },
    ]);
    expect(signs.looks).toBe(0);
  });

  it("looks at the CPU a few times, and not at all of what writes", async () => {
    const silent = scene({ afterMs: 60_000 });
    await pass(59_000);
    expect(silent.signs.looks).toBe(3);
    silent.watch.close();
    const talking = scene({ afterMs: 60_000 });
    for (let total = 1; total <= 60; total += 1) {
      talking.watch.output(total);
      await pass(1_000);
    }
    expect(talking.signs.looks).toBe(0);
  });

  it("does not judge by CPU that it does not know, and not without another look by one that it sees first", async () => {
    const unknown = scene({ afterMs: 100 }, { cpuMs: () => Promise.reject(new Error("no /proc")) });
    await pass(100);
    expect(unknown.stalls).toMatchObject([{ cpuMs: undefined }]);
    unknown.watch.close();
    const first = scene({ afterMs: 100 }, { usedMs: undefined });
    first.signs.usedMs = 5_000;
    await pass(150);
    expect(first.stalls).toEqual([]);
    await pass(100);
    expect(first.stalls).toMatchObject([{ cpuMs: 0 }]);
  });

  it("of an earlier daemon's stall tells only of its end", async () => {
    const { watch, stalls, recoveries } = scene({}, { isStalled: true, outputBytes: 7, usedMs: undefined });
    watch.output(7);
    await pass(60_000);
    expect([stalls, recoveries]).toEqual([[], []]);
    watch.output(8);
    expect(recoveries).toEqual(["output"]);
  });

  it("that is closed tells nothing more, also where it is just looking", async () => {
    let answer: (usedMs: number) => void = () => undefined;
    const { watch, stalls, recoveries } = scene(
      { afterMs: 100 },
      { cpuMs: () => new Promise<number>((resolve) => (answer = resolve)) },
    );
    await pass(100);
    watch.close();
    answer(0);
    watch.output(3);
    await pass(1_000);
    expect([stalls, recoveries]).toEqual([[], []]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
