import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import {
  cgroupFolder,
  lookAtDelegation,
  NoCgroupError,
  openDelegated,
  viewOf,
} from "../../../src/process/resources/delegation.js";
import { PlainGroups } from "./plainGroups.js";

const REQUEST = { sessionId: "s", name: "t-1", session: {}, command: { processes: 5 } };

describe("the cgroup of a process", () => {
  it("is found by where it is mounted, whatever the name of that", async () => {
    const groups = await PlainGroups.open();
    expect(await cgroupFolder(await groups.view("/a/b"))).toBe(join(groups.root, "a/b"));
    expect(await cgroupFolder(await groups.view("/a b (deleted)", "/x y"))).toBe("/x y/a b");
  });

  it("is missing where no v2 is mounted, or nothing can be read", async () => {
    const groups = await PlainGroups.open();
    const view = await groups.view("/");
    await writeFile(view.mountinfo, "30 25 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    await expect(cgroupFolder(view)).rejects.toThrow("there is no cgroup v2 mounted");
    await expect(cgroupFolder({ mountinfo: "/not/there", cgroup: "/not/there" })).rejects.toThrow(
      NoCgroupError,
    );
    expect(viewOf(7).cgroup).toBe("/proc/7/cgroup");
  });
});

describe("openDelegated", () => {
  it("goes into a group of its own, and divides the one that it was in", async () => {
    const groups = await PlainGroups.open();
    await groups.write(groups.root, "cgroup.procs", `${process.pid}\n`);
    const tree = await openDelegated(await groups.view("/"), "sessiond-1", process.pid, groups);
    expect(await groups.read(join(groups.root, "sessiond.daemon"), "cgroup.procs")).toBe(String(process.pid));
    expect(await groups.read(groups.root, "cgroup.subtree_control")).toBe("+memory +pids +cpu");
    const own = await tree.make(REQUEST);
    expect(own).toBe(join(groups.root, "sessiond-1", "session-s", "command-t-1"));
  });

  it("finds the place again of a daemon that started where the one before it went", async () => {
    const groups = await PlainGroups.open("pids");
    for (let start = 0; start < 2; start += 1) {
      const path = start === 0 ? "/" : "/sessiond.daemon";
      const tree = await openDelegated(await groups.view(path), "sessiond-1", process.pid, groups);
      expect(tree.holds({ processes: 1 })).toBe(true);
      expect(tree.holds({ memoryBytes: 1 })).toBe(false);
    }
  });

  it("leaves a group alone that others are in, or that has no controllers, or is not ours", async () => {
    const shared = await PlainGroups.open();
    await shared.write(shared.root, "cgroup.procs", `${process.pid}\n${process.ppid}\n`);
    const view = await shared.view("/");
    const refused = openDelegated(view, "sessiond-1", process.pid, shared);
    await expect(refused).rejects.toThrow(`has other processes in it, such as ${process.ppid}`);
    expect((await lookAtDelegation(view)).obstacle).toMatch("has other processes in it");
    expect(await shared.groupsIn(shared.root)).toEqual([]);

    const bare = await PlainGroups.open("hugetlb");
    await expect(openDelegated(await bare.view("/"), "x", process.pid, bare)).rejects.toThrow(
      "neither the memory",
    );
    expect((await lookAtDelegation(await bare.view("/"))).obstacle).toMatch("none of memory, pids and cpu");

    const foreign = await PlainGroups.open();
    const make = (): Promise<never> => Promise.reject(Object.assign(new Error("no"), { code: "EACCES" }));
    const denied = openDelegated(await foreign.view("/"), "x", process.pid, { make, remove: foreign.remove });
    await expect(denied).rejects.toThrow("is not the daemon's to divide (EACCES)");
  });

  it("is looked at without changing anything", async () => {
    const groups = await PlainGroups.open();
    const view = await groups.view("/");
    expect(await lookAtDelegation(view)).toEqual({
      folder: groups.root,
      controllers: ["memory", "pids", "cpu"],
    });
    expect(await groups.read(groups.root, "cgroup.subtree_control")).toBe("");
    expect(await lookAtDelegation(await groups.view("/gone"))).toMatchObject({ controllers: [] });
    expect((await lookAtDelegation({ mountinfo: "/no", cgroup: "/no" })).obstacle).toMatch("no cgroup v2");
  });
});
