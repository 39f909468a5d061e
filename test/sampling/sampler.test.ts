import { uptime } from "node:os";

import { describe, expect, it } from "vitest";

import { type ProcessStat, ProcessTable } from "../../src/sampling/processTable.js";
import { Sampler } from "../../src/sampling/sampler.js";
import type { Root } from "../../src/sampling/trees.js";
import { ProcessUsage } from "../../src/sampling/usage.js";

const UNITS = { ticksPerSecond: 100, pageBytes: 4_096 };

function stat(pid: number, parentPid: number, more: Partial<ProcessStat> = {}): ProcessStat {
  return {
    pid,
    parentPid,
    name: "sh",
    startTicks: 5,
    ownTicks: 0,
    reapedTicks: 0,
    residentPages: 1,
    ...more,
  };
}

/** A machine of which a test says what runs. */
class Scene {
  stats: ProcessStat[] | undefined = [];
  nowMs = 0;
  readonly asked: number[][] = [];
  readonly sampler = new Sampler({
    units: UNITS,
    nowMs: () => this.nowMs,
    readTable: () => Promise.resolve(this.stats === undefined ? undefined : new ProcessTable(this.stats)),
    usage: new ProcessUsage({
      ask: (pids) => {
        this.asked.push(pids);
        return Promise.resolve(
          Object.fromEntries(pids.map((pid) => [pid, { cpu: 3, memory: 1_000, ctime: 500, ppid: 9 }])),
        );
      },
    }),
  });

  async round(...roots: Root[]) {
    return this.sampler.round(roots);
  }
}

const COMMAND: Root = { sessionId: "s", commandId: "c", pid: 10, startTicks: 5 };

describe("a round of the sampler", () => {
  it("S2.6 counts the whole tree of a command, what was re-parented to its keeper included, and not the keeper", async () => {
    const scene = new Scene();
    scene.stats = [
      stat(9, 1, { name: "sessiond-keeper", residentPages: 1_000 }),
      stat(10, 9),
      stat(11, 10),
      stat(12, 9),
      stat(13, 1),
    ];
    const { sessions, commands } = await scene.round(COMMAND);
    expect(sessions.get("s")).toMatchObject({ processes: 3, memoryBytes: 3 * 4_096 });
    expect(commands.get("c")).toMatchObject({ processes: 3 });
  });

  it("counts the time of children that were collected, also by the keeper", async () => {
    const scene = new Scene();
    const keeper = { name: "sessiond-keeper", ownTicks: 7 };
    scene.stats = [stat(9, 1, keeper), stat(10, 9, { ownTicks: 100 })];
    await scene.round(COMMAND);
    scene.nowMs += 5_000;
    scene.stats = [
      stat(9, 1, { ...keeper, reapedTicks: 50 }),
      stat(10, 9, { ownTicks: 100, reapedTicks: 200 }),
    ];
    const { commands } = await scene.round(COMMAND);
    // 250 ticks of 10 ms in 5 s.
    expect(commands.get("c")).toMatchObject({ cpuPercent: 50, cpuMs: 3_500 });
  });

  it("never counts backwards when a process takes its time along", async () => {
    const scene = new Scene();
    scene.stats = [stat(10, 1, { ownTicks: 10 }), stat(11, 10, { ownTicks: 90 })];
    await scene.round(COMMAND);
    scene.nowMs += 1_000;
    scene.stats = [stat(10, 1, { ownTicks: 20 })];
    const left = await scene.round(COMMAND);
    expect(left.commands.get("c")).toMatchObject({ cpuPercent: 0, cpuMs: 1_000 });
    scene.nowMs += 1_000;
    scene.stats = [stat(10, 1, { ownTicks: 30 })];
    expect((await scene.round(COMMAND)).commands.get("c")).toMatchObject({ cpuPercent: 10, cpuMs: 1_100 });
  });

  it("takes a new command's share since its start", async () => {
    const scene = new Scene();
    const startTicks = Math.round((uptime() - 10) * 100);
    scene.stats = [stat(10, 1, { startTicks, ownTicks: 500 })];
    const { commands } = await scene.round({ ...COMMAND, startTicks });
    expect(commands.get("c")?.cpuPercent).toBeGreaterThan(30);
    expect(commands.get("c")?.cpuPercent).toBeLessThan(60);
  });

  it("does not take another process of the same pid for the command, and none for one that has ended", async () => {
    const scene = new Scene();
    scene.stats = [stat(10, 1, { startTicks: 6 })];
    expect((await scene.round(COMMAND)).sessions.size).toBe(0);
    scene.stats = [];
    expect((await scene.round(COMMAND)).sessions.size).toBe(0);
  });

  it("counts a process once in a session, and sums up what a session has", async () => {
    const scene = new Scene();
    scene.stats = [stat(10, 1), stat(11, 10), stat(20, 1)];
    const bound = { sessionId: "s", pid: 11 };
    const other = { sessionId: "s", commandId: "d", pid: 20 };
    const { sessions, commands } = await scene.round(COMMAND, bound, other, { sessionId: "t", pid: 11 });
    expect(sessions.get("s")?.processes).toBe(3);
    expect(sessions.get("t")?.processes).toBe(1);
    expect([...commands.keys()]).toEqual(["c", "d"]);
  });

  it("asks pidusage for those that have been there for a round, and takes its word", async () => {
    const scene = new Scene();
    scene.stats = [stat(10, 1), stat(11, 10)];
    await scene.round(COMMAND);
    expect(scene.asked).toEqual([]);
    scene.stats = [stat(10, 1), stat(11, 10, { startTicks: 9 }), stat(12, 10)];
    scene.nowMs += 5_000;
    const { sessions } = await scene.round(COMMAND);
    expect(scene.asked).toEqual([[10]]);
    expect(sessions.get("s")?.memoryBytes).toBe(1_000 + 2 * 4_096);
    scene.sampler.reset();
    await scene.round(COMMAND);
    expect(scene.asked).toHaveLength(1);
  });

  it("lists the processes of roots by their pids", async () => {
    const scene = new Scene();
    scene.stats = [stat(10, 1), stat(9, 10, { name: "cc" })];
    const rows = await scene.sampler.processes([COMMAND]);
    expect(rows.map(({ pid, parentPid, name, commandId }) => [pid, parentPid, name, commandId])).toEqual([
      [9, 10, "cc", "c"],
      [10, 1, "sh", "c"],
    ]);
    expect(Date.now() - (rows[0]?.startedAt ?? 0)).toBeGreaterThan(uptime() * 1_000 - 5_000);
  });

  it("measures the roots alone where there is no /proc", async () => {
    const scene = new Scene();
    scene.stats = undefined;
    const { commands } = await scene.round(COMMAND);
    expect(commands.get("c")).toMatchObject({ processes: 1, memoryBytes: 1_000, cpuMs: 500 });
    expect(await scene.sampler.processes([COMMAND])).toMatchObject([
      { pid: 10, parentPid: 9, startedAt: undefined },
    ]);
  });
});
