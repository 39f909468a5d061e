import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { CgroupTree } from "../../../src/process/resources/cgroupTree.js";
import { PlainGroups } from "./plainGroups.js";

const ALL = new Set(["memory", "pids", "cpu"]);
const REQUEST = { sessionId: "s", name: "token-1", session: {}, command: {} };

async function open(
  controllers: ReadonlySet<string> = ALL,
): Promise<{ groups: PlainGroups; tree: CgroupTree }> {
  const groups = await PlainGroups.open();
  return { groups, tree: new CgroupTree(groups.root, controllers, groups) };
}

describe("CgroupTree", () => {
  it("makes a group for the session and in it one for the command, each with its limits", async () => {
    const { groups, tree } = await open();
    const session = { memoryBytes: 4_096_000, processes: 50, cpuPercent: 150 };
    const command = { memoryBytes: 8_192, processes: 5, cpuPercent: 0.5 };
    const own = await tree.make({ ...REQUEST, session, command });
    expect(own).toBe(join(groups.root, "session-s", "command-token-1"));
    const files = async (folder: string): Promise<string[]> =>
      Promise.all(
        ["memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cpu.max"].map((name) =>
          groups.read(folder, name),
        ),
      );
    expect(await files(own)).toEqual(["8192", "0", "1", "5", "1000 100000"]);
    // The session as a whole does not end where one command of it is killed.
    expect(await files(join(own, ".."))).toEqual(["4096000", "0", "", "50", "150000 100000"]);
    expect(await groups.read(join(own, ".."), "cgroup.subtree_control")).toBe("+memory +pids +cpu");
  });

  it("writes what is not limited as well, and only what there are controllers for", async () => {
    const { groups, tree } = await open(new Set(["pids"]));
    const own = await tree.make({ ...REQUEST, session: { processes: 9 } });
    await tree.limitSession("s", {});
    expect(await groups.read(join(own, ".."), "pids.max")).toBe("max");
    expect(await groups.read(own, "pids.max")).toBe("max");
    expect(await groups.read(own, "memory.max")).toBe("");
    expect(tree.holds({ processes: 5 }, {})).toBe(true);
    expect(tree.holds({}, { memoryBytes: 5, processes: 5 })).toBe(false);
    expect(tree.holds({ memoryBytes: 0, cpuWindowMs: 5 })).toBe(true);
    await tree.limitSession("of nobody", { processes: 5 });
  });

  it("tells what ran out of the memory of its limit from what the machine killed", async () => {
    const { groups, tree } = await open();
    const own = await tree.make(REQUEST);
    expect(await tree.verdict(own)).toEqual({ refusedForks: 0 });
    await groups.write(own, "memory.events", "low 0\nhigh 0\nmax 9\noom 0\noom_kill 1\noom_group_kill 1\n");
    await groups.write(own, "pids.events", "max 7\n");
    expect(await tree.verdict(own)).toEqual({ refusedForks: 7 });
    await groups.write(join(own, ".."), "memory.events", "oom 1\noom_kill 1\n");
    expect(await tree.verdict(own)).toEqual({ cause: "memory_limit", refusedForks: 7 });
    await groups.write(join(own, ".."), "memory.events", "oom 0\n");
    await groups.write(own, "memory.events", "oom 1\noom_kill 1\n");
    expect(await tree.verdict(own)).toEqual({ cause: "memory_limit", refusedForks: 7 });
    expect(await tree.verdict(join(own, "not", "there"))).toEqual({ refusedForks: 0 });
  });

  it("removes a group when nothing is in it, and that of the session after the last one", async () => {
    const { groups, tree } = await open();
    const first = await tree.make(REQUEST);
    const second = await tree.make({ ...REQUEST, name: "token-2" });
    await groups.make(join(first, "of its own"));
    await tree.remove(first);
    expect(await groups.groupsIn(join(groups.root, "session-s"))).toEqual(["command-token-2"]);
    await groups.write(second, "cgroup.procs", "77\n");
    await tree.remove(second);
    expect(await groups.groupsIn(groups.root)).toEqual(["session-s"]);
    await groups.write(second, "cgroup.procs", "");
    // With the next one that goes, or after a while.
    await tree.remove(first);
    expect(await groups.groupsIn(groups.root)).toEqual([]);
    tree.close();
  });

  it("kills all that is in a group, and minds none that is gone", async () => {
    const { groups, tree } = await open();
    const own = await tree.make(REQUEST);
    await tree.kill(own);
    expect(await groups.read(own, "cgroup.kill")).toBe("1");
    await tree.kill(join(own, "gone"));
  });

  it("removes what earlier daemons left, but for what is known or was made meanwhile", async () => {
    const { groups, tree } = await open();
    for (const name of ["gone-1", "kept-1"]) await tree.make({ ...REQUEST, sessionId: name, name });
    await groups.make(join(groups.root, "session-empty"));
    await groups.make(join(groups.root, "somebody's"));
    const next = new CgroupTree(groups.root, ALL, groups);
    await next.make({ ...REQUEST, sessionId: "own", name: "own-1" });
    await next.sweep((name) => name === "kept-1");
    expect((await groups.groupsIn(groups.root)).toSorted()).toEqual([
      "session-kept-1",
      "session-own",
      "somebody's",
    ]);
  });

  it("tells what the kernel refuses", async () => {
    const { groups, tree } = await open();
    await tree.make(REQUEST);
    await expect(tree.make(REQUEST)).rejects.toThrow("EEXIST");
    const broken = new CgroupTree(join(groups.root, "nowhere"), ALL, groups);
    await expect(broken.make(REQUEST)).rejects.toThrow("ENOENT");
  });
});
