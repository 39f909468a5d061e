import { describe, expect, it } from "vitest";

import { parseStat, ProcessTable, readProcessTable } from "../../src/sampling/processTable.js";
import { readKernelUnits } from "../../src/sampling/units.js";
import { describeIf } from "../support/requires.js";

const LINE =
  "12 (a) b) (c) S 7 12 12 0 -1 4194304 100 200 0 0 11 22 33 44 20 0 1 0 5555 1000000 321 18446744073709551615";

function stat(pid: number, parentPid: number) {
  return { pid, parentPid, name: "x", startTicks: 1, ownTicks: 0, reapedTicks: 0, residentPages: 0 };
}

describe("a line of /proc/<pid>/stat", () => {
  it("is read behind the last parenthesis, with the time of children that were collected", () => {
    expect(parseStat(12, LINE)).toEqual({
      pid: 12,
      parentPid: 7,
      name: "a) b) (c",
      startTicks: 5555,
      ownTicks: 33,
      reapedTicks: 77,
      residentPages: 321,
    });
  });

  it.each(["", "12", "12 (x", "12 (x) S 1 2", LINE.replace(" 7 ", " x ")])("is none: %j", (line) => {
    expect(parseStat(12, line)).toBeUndefined();
  });
});

describe("a table of processes", () => {
  const pids = (table: ProcessTable, pid: number): number[] =>
    table
      .tree(pid)
      .map((each) => each.pid)
      .toSorted((a, b) => a - b);

  it("knows what descends from one, however deep, and nothing else", () => {
    const table = new ProcessTable([stat(1, 0), stat(2, 1), stat(3, 2), stat(4, 2), stat(5, 4), stat(6, 1)]);
    expect(pids(table, 2)).toEqual([2, 3, 4, 5]);
    expect(pids(table, 6)).toEqual([6]);
    expect(pids(table, 7)).toEqual([]);
    expect(table.tree(2)[0]?.pid).toBe(2);
  });

  it("comes to an end where pids that were used again make a circle", () => {
    expect(pids(new ProcessTable([stat(2, 3), stat(3, 2)]), 2)).toEqual([2, 3]);
  });
});

describeIf(process.platform === "linux", "Linux", "the processes of this machine", () => {
  it("are there, this one among them, with what it has used", async () => {
    const table = await readProcessTable();
    const { ticksPerSecond, pageBytes } = readKernelUnits();
    const own = table?.get(process.pid);
    expect(own?.parentPid).toBe(process.ppid);
    const { user, system } = process.cpuUsage();
    const usedMs = ((own?.ownTicks ?? 0) / ticksPerSecond) * 1_000;
    expect(Math.abs(usedMs - (user + system) / 1_000)).toBeLessThan(2_000);
    const rssBytes = process.memoryUsage.rss();
    expect((own?.residentPages ?? 0) * pageBytes).toBeGreaterThan(rssBytes / 4);
    expect((own?.residentPages ?? 0) * pageBytes).toBeLessThan(rssBytes * 4);
  });

  it("are counted in units that the system says, or the usual ones", () => {
    expect(readKernelUnits("/nowhere")).toEqual({ ticksPerSecond: 100, pageBytes: 4_096 });
    expect(readKernelUnits().ticksPerSecond).toBe(100);
    expect(readKernelUnits().pageBytes % 4_096).toBe(0);
  });
});
