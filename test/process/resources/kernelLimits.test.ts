import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { CgroupTree } from "../../../src/process/resources/cgroupTree.js";
import { NoCgroupError } from "../../../src/process/resources/delegation.js";
import { KernelLimits, type OpenPlace } from "../../../src/process/resources/kernelLimits.js";
import { PlainGroups } from "./plainGroups.js";

const REQUEST = { sessionId: "s", name: "t-1", session: {}, command: { processes: 5 } };
const refusing =
  (reason: string): OpenPlace =>
  () =>
    Promise.reject(new NoCgroupError(reason));

describe("KernelLimits", () => {
  it("takes the best place that there is, once", async () => {
    const groups = await PlainGroups.open();
    let opened = 0;
    const open: OpenPlace = () => {
      opened += 1;
      return Promise.resolve(new CgroupTree(groups.root, new Set(["pids"]), groups));
    };
    const told: string[] = [];
    const kernel = new KernelLimits({
      places: [
        ["cgroup", refusing("shared")],
        ["systemd", open],
      ],
      onRefused: (reason) => told.push(reason),
    });
    const [held] = await Promise.all([kernel.hold(REQUEST), kernel.hold({ ...REQUEST, name: "t-2" })]);
    expect(held).toEqual({ folder: join(groups.root, "session-s", "command-t-1"), by: "systemd" });
    expect([opened, told]).toEqual([1, []]);
    await kernel.limitSession("s", { processes: 3 });
    expect(await groups.read(join(groups.root, "session-s"), "pids.max")).toBe("3");
    // What it has no controller for is somebody else's to hold, as a whole.
    expect(await kernel.hold({ ...REQUEST, session: { memoryBytes: 5 } })).toBeUndefined();
    expect(told).toEqual(["the kernel does not hold all of memoryBytes, processes here"]);
    await kernel.sweep(() => false);
    expect(await kernel.verdict(held?.folder ?? "")).toEqual({ refusedForks: 0 });
    await kernel.kill(held?.folder ?? "");
    await kernel.remove(held?.folder ?? "");
    kernel.close();
  });

  it("says once why there is none, and asks again after a minute", async () => {
    let nowMs = 0;
    const told: string[] = [];
    const groups = await PlainGroups.open();
    let place = refusing("no cgroup v2");
    const kernel = new KernelLimits({
      places: [["cgroup", () => place()]],
      onRefused: (reason) => told.push(reason),
      nowMs: () => nowMs,
    });
    for (let tries = 0; tries < 3; tries += 1) expect(await kernel.hold(REQUEST)).toBeUndefined();
    nowMs = 60_000;
    expect(await kernel.hold(REQUEST)).toBeUndefined();
    expect(told).toEqual(["no cgroup v2"]);
    place = () => Promise.resolve(new CgroupTree(groups.root, new Set(["pids"]), groups));
    expect(await kernel.hold(REQUEST)).toBeUndefined();
    nowMs = 120_000;
    expect(await kernel.hold(REQUEST)).toMatchObject({ by: "cgroup" });
    // It was there, and is no more.
    await rm(groups.root, { recursive: true });
    expect(await kernel.hold({ ...REQUEST, sessionId: "other" })).toBeUndefined();
    expect(told.at(-1)).toMatch("ENOENT");
    await groups.make(groups.root);
    nowMs = 180_000;
    expect(await kernel.hold(REQUEST)).toMatchObject({ by: "cgroup" });
  });

  it("lets go of the group of an earlier daemon, where it has no place itself", async () => {
    const groups = await PlainGroups.open();
    const kernel = new KernelLimits({ places: [["cgroup", refusing("none")]], onRefused: () => 0 });
    await kernel.kill(groups.root);
    expect(await groups.read(groups.root, "cgroup.kill")).toBe("1");
    expect(await kernel.verdict(groups.root)).toEqual({ refusedForks: 0 });
    kernel.close();
  });
});
