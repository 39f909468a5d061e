import { spawn } from "node:child_process";
import { once } from "node:events";

import { describe, expect, it, onTestFinished } from "vitest";

import { type AskUsage, ProcessUsage } from "../../src/sampling/usage.js";

const usageOf = (pid: number) => ({ cpu: 1, memory: pid * 10, ctime: 20, ppid: 1 });

/** Answers for all but the given pids, and notes what was asked. */
function scripted(gone: ReadonlySet<number> = new Set()): {
  ask: AskUsage;
  asked: number[][];
  most: () => number;
} {
  const asked: number[][] = [];
  let [now, most] = [0, 0];
  const ask: AskUsage = async (pids) => {
    asked.push(pids);
    now += 1;
    most = Math.max(most, now);
    await Promise.resolve();
    now -= 1;
    if (pids.length === 1 && gone.has(pids[0] ?? 0)) throw new Error("No matching pid found");
    return Object.fromEntries(pids.map((pid) => [pid, gone.has(pid) ? undefined : usageOf(pid)]));
  };
  return { ask, asked, most: () => most };
}

const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => from + index);

describe("what processes use, by pidusage", () => {
  it("is asked for in chunks, one call at a time, whoever asks", async () => {
    const { ask, asked, most } = scripted();
    const usage = new ProcessUsage({ ask });
    const [first, second] = await Promise.all([usage.of(range(1, 150)), usage.of(range(1, 3))]);
    expect(asked.map(({ length }) => length)).toEqual([64, 64, 22, 3]);
    expect(most()).toBe(1);
    expect([first.size, second.size]).toEqual([150, 3]);
    expect(first.get(7)).toEqual({ cpuPercent: 1, memoryBytes: 70, cpuMs: 20, parentPid: 1 });
  });

  it("leaves out who has ended, also the only one", async () => {
    const { ask } = scripted(new Set([2]));
    const usage = new ProcessUsage({ ask });
    expect([...(await usage.of([1, 2, 3])).keys()]).toEqual([1, 3]);
    expect((await usage.of([2])).size).toBe(0);
  });

  it("asks for no new process once too many first looks have failed, and goes on with those it knows", async () => {
    const gone = new Set(range(1_000, 64));
    const { ask, asked } = scripted(gone);
    const usage = new ProcessUsage({ ask });
    await usage.of([1, 2]);
    await usage.of([1, ...gone]);
    asked.length = 0;
    expect([...(await usage.of([1, 2, 3])).keys()]).toEqual([1, 2]);
    expect(asked).toEqual([[1, 2]]);
  });

  it("does not take the end of a process that it knew for such a failure", async () => {
    const gone = new Set<number>();
    const { ask } = scripted(gone);
    const usage = new ProcessUsage({ ask });
    const many = range(1, 200);
    await usage.of(many);
    for (const pid of many) gone.add(pid);
    await usage.of(many);
    expect((await usage.of([500])).size).toBe(1);
  });

  it("is asked for no more processes than descriptors may be had for", async () => {
    const { ask } = scripted();
    expect((await new ProcessUsage({ ask, mostProcesses: 5 }).of(range(1, 9))).size).toBe(5);
  });

  it("is told of real processes", async () => {
    const child = spawn("sleep", ["60"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child, "spawn");
    const pid = child.pid ?? 0;
    const found = await new ProcessUsage().of([pid, process.pid]);
    expect(found.get(pid)?.parentPid).toBe(process.pid);
    expect(found.get(process.pid)?.memoryBytes).toBeGreaterThan(1_000_000);
  });
});
