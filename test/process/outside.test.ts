import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";

import { isSame, readIdentity } from "../../src/process/identity.js";
import { exitOf, outsideProcess } from "../../src/process/outside.js";
import { hasEnded, readStatNow } from "../../src/process/proc.js";
import { until } from "../support/until.js";
import { Workbench } from "./workbench.js";

let bench: Workbench;
beforeEach(async () => {
  bench = await Workbench.open();
});
afterEach(async () => {
  for (const pid of await bench.running()) process.kill(pid, "SIGKILL");
  await until("the end of all", async () => (await bench.running()).length === 0);
  await bench.close();
});

/** A child that has ended, and that its parent does not ask for until it is ended itself. */
async function zombie(last: string): Promise<number> {
  const script = `sh -c '${last}' & echo $!; exec sleep 1000`;
  const started = await bench.start(["sh", "-c", script]);
  const pid = await until("the pid", async () => {
    const children = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
    return children.find((child) => {
      const stat = readStatNow(child);
      return stat?.parentPid === started.pid && hasEnded(stat);
    });
  });
  return pid;
}

describe("a process of somebody else's making", () => {
  it("is known by its start, its boot and its name", async () => {
    const { pid } = await bench.start(["sleep", "60"]);
    const found = await until("sleep", () => {
      const one = outsideProcess(pid);
      return "name" in one && one.name === "sleep" ? one : undefined;
    });
    expect(found).toEqual({ ...readIdentity(pid), name: "sleep" });
    expect(isSame(found)).toBe(true);
  });

  it("is refused where it is the daemon itself, is not there, or has ended", async () => {
    expect(outsideProcess(process.pid)).toEqual({ fault: `Process ${process.pid} is the daemon itself.` });
    expect(outsideProcess(2 ** 31 - 1)).toEqual({ fault: "No process has the pid 2147483647." });
    const pid = await zombie("exit 3");
    expect(outsideProcess(pid)).toEqual({ fault: `Process ${pid} has ended already.` });
  });

  it("is refused where it is a thread", () => {
    const thread = readdirSync("/proc/self/task").find((id) => Number(id) !== process.pid);
    expect(outsideProcess(Number(thread))).toEqual({
      fault: `${thread} is a thread of process ${process.pid}, and no process.`,
    });
  });

  it("is refused where it is another user's", async () => {
    // Root has no one else's by nature, and may make one.
    const isRoot = process.getuid?.() === 0;
    const child = isRoot ? spawn("sleep", ["60"], { uid: 65_534, stdio: "ignore" }) : undefined;
    onTestFinished(() => void child?.kill("SIGKILL"));
    const pid = child?.pid ?? 1;
    expect(outsideProcess(pid)).toEqual({ fault: `Process ${pid} belongs to another user.` });
  });
});

describe("how a process ended that nobody has asked for", () => {
  it.each([
    ["exit 3", { exitCode: 3 }],
    ["exit 0", { exitCode: 0 }],
    ["kill -KILL $$", { signal: "SIGKILL" }],
  ])("by `%s` is known", async (last, end) => {
    const pid = await zombie(last);
    const identity = readIdentity(pid);
    if (identity === undefined) throw new Error("this system has no /proc");
    expect(exitOf(identity)).toEqual(end);
    expect(exitOf({ ...identity, startTicks: identity.startTicks + 1 })).toBeUndefined();
  });

  it("is not known of one that runs, or is not there", async () => {
    const { pid, identity } = await bench.start(["sleep", "60"]);
    expect(identity && exitOf(identity)).toBeUndefined();
    expect(exitOf({ pid: 2 ** 31 - 1, startTicks: 1, bootId: "" })).toBeUndefined();
    expect(pid).toBeGreaterThan(0);
  });
});
