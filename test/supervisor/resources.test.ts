import { describe, expect, it } from "vitest";

import { CgroupTree } from "../../src/process/resources/cgroupTree.js";
import { KernelLimits } from "../../src/process/resources/kernelLimits.js";
import { LimitWatch, type Watched } from "../../src/process/resources/limitWatch.js";
import type { ResourceLimits } from "../../src/session/state.js";
import { Resources } from "../../src/supervisor/resources.js";
import { PlainGroups } from "../process/resources/plainGroups.js";
import { execution } from "../session/samples.js";

const TRY = { token: "token", attempt: 1, sessionId: "s", limits: { memoryBytes: 5 } };

/** What is looked at, and no look. */
class Watch extends LimitWatch {
  readonly watched = new Set<Watched>();

  constructor() {
    super({ onError: () => undefined });
  }

  override add(watched: Watched): () => void {
    this.watched.add(watched);
    return () => void this.watched.delete(watched);
  }
}

async function open(hasKernel: boolean, sessionLimits?: ResourceLimits) {
  const groups = await PlainGroups.open();
  const tree = new CgroupTree(groups.root, new Set(["memory", "pids", "cpu"]), groups);
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (_: object, message: string) => void warnings.push(message) };
  const watch = new Watch();
  const kernel = new KernelLimits({
    places: hasKernel ? [["systemd", () => Promise.resolve(tree)]] : [],
    onRefused: (reason) => void warnings.push(reason),
  });
  const parts = {
    dataDir: "/data",
    ownsProcess: false,
    sessionLimits: () => sessionLimits,
    log,
    watch,
    kernel,
  };
  return { groups, warnings, watch, resources: new Resources(parts) };
}

describe("Resources", () => {
  it("has nothing to do where nothing is limited", async () => {
    const { resources, groups, watch } = await open(true, { memoryBytes: 0 });
    expect(await resources.prepare({ ...TRY, limits: {} })).toBeUndefined();
    expect(resources.resume({ ...TRY, limits: {} }, undefined, undefined)).toBeUndefined();
    expect([await groups.groupsIn(groups.root), watch.watched.size]).toEqual([[], 0]);
  });

  it("has the kernel hold a command, tells what it says at the end, and removes its group", async () => {
    const { resources, groups, watch } = await open(true, { processes: 9 });
    const hold = await resources.prepare(TRY);
    const folder = hold?.cgroup ?? "";
    expect(await groups.read(folder, "memory.max")).toBe("5");
    expect(hold?.begin({ pid: 1, isHeld: true }, () => undefined)).toEqual({ enforcedBy: "systemd" });
    expect(watch.watched.size).toBe(0);
    await groups.write(folder, "memory.events", "oom 1\noom_kill 1\n");
    expect(await hold?.verdict()).toEqual({ cause: "memory_limit", refusedForks: 0 });
    await hold?.kill();
    expect(await groups.read(folder, "cgroup.kill")).toBe("1");
    await hold?.release();
    expect(await groups.groupsIn(groups.root)).toEqual([]);
  });

  it("looks at a command that did not come into its group, or where there is none", async () => {
    for (const hasKernel of [true, false]) {
      const { resources, watch } = await open(hasKernel, { processes: 9 });
      const hold = await resources.prepare(TRY);
      const ends: unknown[] = [];
      const holding = hold?.begin({ pid: 77, isHeld: false }, (...how) => void ends.push(how));
      expect(holding).toEqual({ enforcedBy: "sampler" });
      const [watched] = watch.watched;
      expect(watched).toMatchObject({ pid: 77, sessionId: "s", bounds: { memoryBytes: 5 } });
      expect(watched?.sessionBounds()).toEqual({ processes: 9 });
      watched?.end("memory_limit", false);
      watched?.end("memory_limit", true);
      expect(ends).toEqual([["memory_limit"], ["memory_limit", 0]]);
      expect((await hold?.verdict())?.cause).toBeUndefined();
      expect(watch.watched.size).toBe(0);
      await hold?.kill();
      await hold?.release();
    }
  });

  it.each([
    [{ cpuPercent: 5 }, {}, { notHeld: ["cpuPercent"] }],
    [{ cpuPercent: 5, cpuWindowMs: 9 }, {}, { enforcedBy: "sampler" }],
    [{ memoryBytes: 5 }, { cpuPercent: 5 }, { enforcedBy: "sampler", notHeld: ["cpuPercent"] }],
  ])("says which of %j in %j nobody holds", async (limits, session, expected) => {
    const { resources } = await open(false, session);
    const hold = await resources.prepare({ ...TRY, limits });
    expect(hold?.begin({ pid: 77, isHeld: false }, () => undefined)).toEqual(expected);
  });

  it("says where the kernel does not let it, and goes on", async () => {
    const { resources, warnings } = await open(true);
    const hold = resources.resume(TRY, "\0", undefined);
    expect(await hold?.verdict()).toEqual({ refusedForks: 0 });
    await hold?.kill();
    expect(warnings).toEqual(["The group of a command cannot be read, killed or removed"]);
    await hold?.release();
    resources.close();
  });

  it("goes on with the group of an earlier daemon's command", async () => {
    const { resources, groups } = await open(true);
    await groups.make(`${groups.root}/left`);
    const hold = resources.resume({ ...TRY, limits: {} }, `${groups.root}/left`, { enforcedBy: "systemd" });
    expect(hold?.begin({ pid: 1, isHeld: true }, () => undefined)).toEqual({ enforcedBy: "systemd" });
    const other = resources.resume(TRY, `${groups.root}/left`, undefined);
    expect(other?.begin({ pid: 1, isHeld: true }, () => undefined)).toEqual({ enforcedBy: "cgroup" });
  });

  it("changes the limits of a session that the kernel holds, and says where it cannot", async () => {
    const { resources, groups, warnings } = await open(true, { processes: 9 });
    await resources.prepare(TRY);
    await groups.write(`${groups.root}/session-s`, "pids.max", "1");
    await resources.sessionChanged("s");
    expect(await groups.read(`${groups.root}/session-s`, "pids.max")).toBe("9");
    await resources.sessionChanged("\0");
    expect(warnings).toEqual(["The limits of a session could not be changed"]);
    resources.close();
  });

  it("removes after a start what the kernel had for commands that are over, and only where there was any", async () => {
    const { resources, groups } = await open(true);
    const left = `${groups.root}/session-old`;
    await groups.make(left);
    for (const name of ["over-1", "token-2"]) await groups.make(`${left}/command-${name}`);
    const over = execution({ token: "over", status: "failed" });
    await resources.sweep([over]);
    expect(await groups.groupsIn(left)).toHaveLength(2);
    await resources.sweep([{ ...over, holding: { enforcedBy: "cgroup" } }, execution({ token: "token" })]);
    expect(await groups.groupsIn(left)).toEqual(["command-token-2"]);
  });
});
