import { describe, expect, it, onTestFinished, vi } from "vitest";

import { LimitWatch, type Watched } from "../../../src/process/resources/limitWatch.js";
import type { TreeUsage } from "../../../src/process/resources/treeUsage.js";

const MIB = 1_048_576;
const NONE: TreeUsage = { pids: [], tasks: 1, residentBytes: 0, cpuMs: 0 };

/** Commands by the number of their first process: what is seen of them is set by the test. */
class Scene {
  readonly seen = new Map<number, Partial<TreeUsage> & { readonly shareBytes?: number }>();
  readonly ends: string[] = [];
  readonly reads: number[][] = [];
  nowMs = 0;
  readonly watch = new LimitWatch({
    // The real processes of these numbers are nobody's business: each has itself for a root.
    read: (root) => Promise.resolve({ ...NONE, pids: [root], ...this.#of(root) }),
    readMemory: (pids) => {
      this.reads.push([...pids]);
      return Promise.resolve(this.#of(pids[0])?.shareBytes ?? 0);
    },
    rootOf: (pid) => Promise.resolve({ pid, isKeeper: false }),
    nowMs: () => this.nowMs,
    everyMs: 1_000_000,
    onError: () => undefined,
  });

  #of(pid: number | undefined): ReturnType<Scene["seen"]["get"]> {
    return this.seen.get(pid ?? 0);
  }

  add(pid: number, watched: Partial<Watched>): () => void {
    return this.watch.add({
      pid,
      sessionId: "s",
      bounds: {},
      sessionBounds: () => ({}),
      end: (cause, isUrgent) => void this.ends.push(`${pid} ${cause}${isUrgent ? " at once" : ""}`),
      ...watched,
    });
  }
}

describe("LimitWatch", () => {
  it("ends a command over its memory once, and at once where it goes on growing", async () => {
    const scene = new Scene();
    scene.add(1, { bounds: { memoryBytes: 100 * MIB } });
    scene.seen.set(1, { residentBytes: 80 * MIB, shareBytes: 999 * MIB });
    await scene.watch.look();
    // Below the limit by what is resident: its share, which costs more to read, cannot be over it.
    expect([scene.reads, scene.ends]).toEqual([[], []]);
    scene.seen.set(1, { residentBytes: 400 * MIB, shareBytes: 90 * MIB });
    await scene.watch.look();
    expect([scene.reads, scene.ends]).toEqual([[[1]], []]);
    scene.seen.set(1, { residentBytes: 400 * MIB, shareBytes: 101 * MIB });
    for (let looks = 0; looks < 3; looks += 1) await scene.watch.look();
    expect(scene.ends).toEqual(["1 memory_limit"]);
    scene.seen.set(1, { residentBytes: 400 * MIB, shareBytes: 151 * MIB });
    await scene.watch.look();
    expect(scene.ends).toEqual(["1 memory_limit", "1 memory_limit at once"]);
  });

  it("ends a command with too many processes, and none with as many as it may have", async () => {
    const scene = new Scene();
    const leave = scene.add(1, { bounds: { processes: 5 } });
    scene.seen.set(1, { tasks: 5 });
    await scene.watch.look();
    expect(scene.ends).toEqual([]);
    scene.seen.set(1, { tasks: 6 });
    await scene.watch.look();
    expect(scene.ends).toEqual(["1 process_limit"]);
    leave();
    scene.ends.length = 0;
    await scene.watch.look();
    expect(scene.ends).toEqual([]);
  });

  it("ends a command over its share of the processor after a whole window, where one is set", async () => {
    const scene = new Scene();
    scene.add(1, { bounds: { cpuPercent: 50, cpuWindowMs: 1_000 } });
    scene.add(2, { bounds: { cpuPercent: 50 } });
    const at = async (nowMs: number, cpuMs: number): Promise<void> => {
      scene.nowMs = nowMs;
      for (const pid of [1, 2]) scene.seen.set(pid, { cpuMs });
      await scene.watch.look();
    };
    await at(0, 5_000);
    await at(500, 5_500);
    await at(1_000, 5_500);
    // Exactly half of the window; the next one begins here.
    expect(scene.ends).toEqual([]);
    await at(1_900, 6_400);
    expect(scene.ends).toEqual([]);
    await at(2_000, 6_500);
    expect(scene.ends).toEqual(["1 cpu_limit"]);
  });

  it("ends of a session over its limit the command that takes most, and then waits for that", async () => {
    const scene = new Scene();
    const sessionBounds = (): { memoryBytes: number } => ({ memoryBytes: 100 * MIB });
    for (const pid of [1, 2, 3]) scene.add(pid, { sessionBounds, sessionId: pid === 3 ? "other" : "s" });
    scene.seen.set(1, { residentBytes: 60 * MIB, shareBytes: 60 * MIB });
    scene.seen.set(2, { residentBytes: 50 * MIB, shareBytes: 50 * MIB });
    scene.seen.set(3, { residentBytes: 99 * MIB, shareBytes: 99 * MIB });
    for (let looks = 0; looks < 3; looks += 1) await scene.watch.look();
    expect(scene.ends).toEqual(["1 memory_limit"]);
  });

  it("counts processes, and the use of the processor, of a session together", async () => {
    const scene = new Scene();
    const processes = { sessionId: "p", sessionBounds: () => ({ processes: 10 }) };
    const cpu = { sessionId: "c", sessionBounds: () => ({ cpuPercent: 100, cpuWindowMs: 100 }) };
    for (const pid of [1, 2]) scene.add(pid, processes);
    for (const pid of [3, 4]) scene.add(pid, cpu);
    scene.seen.set(1, { tasks: 4 }).set(2, { tasks: 6 }).set(3, { cpuMs: 1_000 }).set(4, { cpuMs: 0 });
    await scene.watch.look();
    expect(scene.ends).toEqual([]);
    scene.nowMs = 100;
    scene.seen.set(2, { tasks: 7 }).set(3, { cpuMs: 1_070 }).set(4, { cpuMs: 80 });
    // One that joins brings what it had used before, and the window begins anew.
    const leave = scene.add(5, cpu);
    scene.seen.set(5, { cpuMs: 90_000 });
    await scene.watch.look();
    expect(scene.ends).toEqual(["2 process_limit"]);
    leave();
    await scene.watch.look();
    scene.nowMs = 200;
    scene.seen.set(3, { cpuMs: 1_130 }).set(4, { cpuMs: 140 });
    await scene.watch.look();
    expect(scene.ends).toEqual(["2 process_limit", "3 cpu_limit"]);
  });

  it("looks by itself while there is somebody to look at, also after a look has failed", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let looks = 0;
    const errors: unknown[] = [];
    const watch = new LimitWatch({
      read: () => {
        looks += 1;
        return looks === 1 ? Promise.reject(new Error("EMFILE")) : Promise.resolve(NONE);
      },
      rootOf: (pid) => Promise.resolve({ pid, isKeeper: false }),
      onError: (error) => errors.push(error),
    });
    const watched = { pid: 1, sessionId: "s", bounds: {}, sessionBounds: () => ({}), end: () => undefined };
    const leave = watch.add(watched);
    await vi.advanceTimersByTimeAsync(1_100);
    expect([looks, errors.length]).toEqual([4, 1]);
    leave();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(looks).toBeLessThanOrEqual(5);
    expect(vi.getTimerCount()).toBe(0);
    watch.add(watched);
    watch.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
