import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasNoLivingMember } from "../../src/process/group.js";
import { readStatNow } from "../../src/process/proc.js";
import { signalGroup, stopGroup } from "../../src/process/stop.js";
import { programOf, readIfThere, type Started, until, Workbench } from "./workbench.js";

const LONG_MS = 15_000;

let bench: Workbench;
beforeEach(async () => {
  bench = await Workbench.open();
});
afterEach(() => bench.close());

/**
 * Starts a script and waits until it has printed `ready` and its group runs `sleeps` sleeps. A child of the shell that
 * is signalled before it has become a program of its own may lose the signal.
 */
async function startReady(script: string, sleeps = 0): Promise<Started> {
  const started = await bench.sh(script);
  await until(async () => {
    const members = (await bench.running()).filter((pid) => readStatNow(pid)?.groupId === started.pid);
    const sleeping = members.filter((pid) => programOf(pid) === "sleep");
    return sleeping.length >= sleeps && (await readIfThere(started.stdoutPath)).includes("ready");
  });
  return started;
}

describe("signalGroup", () => {
  it.each([1, 0, -1, -5, Number.NaN, 1.5])("refuses the group %d", (pgid) => {
    expect(() => signalGroup(pgid, 0)).toThrow(RangeError);
  });

  it("refuses our own group", async () => {
    const own = readStatNow(process.pid)?.groupId ?? 0;
    expect(() => signalGroup(own, 0)).toThrow(/refusing to signal process group/);
    await expect(stopGroup(own, { graceMs: 0 })).rejects.toThrow(RangeError);
  });

  it("says whether the group exists, and throws for a signal that does not", async () => {
    const started = await bench.start(["sleep", "60"]);
    expect(signalGroup(started.pid, 0)).toBe(true);
    expect(() => signalGroup(started.pid, "SIGNONE" as NodeJS.Signals)).toThrow(/SIGNONE/);
    expect(signalGroup(started.pid, "SIGINT")).toBe(true);
    expect(await started.exited).toEqual({ exitCode: null, signal: "SIGINT" });
    expect(signalGroup(started.pid, "SIGINT")).toBe(false);
  });
});

describe("stopGroup", () => {
  it("terminates a whole group", async () => {
    const started = await startReady("sleep 60 & sleep 60 & (sleep 60; true) & echo ready; wait", 3);
    expect(await stopGroup(started.pid, { graceMs: LONG_MS })).toBe("terminated");
    expect(await started.exited).toEqual({ exitCode: null, signal: "SIGTERM" });
    expect(await bench.running()).toEqual([]);
  });

  it("gives the grace for tidying up", async () => {
    const started = await startReady("trap 'echo tidy; exit 3' TERM; sleep 60 & echo ready; wait", 1);
    expect(await stopGroup(started.pid, { graceMs: LONG_MS })).toBe("terminated");
    expect(await started.exited).toEqual({ exitCode: 3, signal: null });
    expect(await started.stdout()).toBe("ready\ntidy\n");
  });

  it("kills what ignores SIGTERM", async () => {
    const started = await startReady("trap '' TERM; sleep 60 & echo ready; while :; do sleep 60; done");
    expect(await stopGroup(started.pid, { graceMs: 50 })).toBe("killed");
    expect(await started.exited).toEqual({ exitCode: null, signal: "SIGKILL" });
    expect(await bench.running()).toEqual([]);
  });

  it("waits for the whole grace, also for a group that was looked at before", async () => {
    const started = await startReady("trap '' TERM; echo ready; while :; do sleep 60; done");
    const stopping = stopGroup(started.pid, { graceMs: 400 });
    // Somebody else's walk over /proc changes nothing.
    expect(await hasNoLivingMember(started.pid)).toBe(false);
    expect(await stopping).toBe("killed");
    await started.exited;
  });

  it("kills at once without grace", async () => {
    const started = await startReady("trap '' TERM; echo ready; while :; do sleep 60; done");
    expect(await stopGroup(started.pid, { graceMs: 0 })).toBe("killed");
    await started.exited;
  });

  it("reaches the members of a group whose leader has gone", async () => {
    const started = await bench.sh("(trap '' TERM; echo ready; sleep 60; sleep 60) & sleep 60 & exit 0");
    expect(await started.exited).toEqual({ exitCode: 0, signal: null });
    await until(async () => (await started.stdout()) === "ready\n");
    expect((await bench.running()).length).toBeGreaterThanOrEqual(2);
    expect(await stopGroup(started.pid, { graceMs: 50 })).toBe("killed");
    expect(await bench.running()).toEqual([]);
  });

  it("lets a stopped group act on SIGTERM", async () => {
    const started = await startReady("trap 'echo tidy; exit 3' TERM; sleep 60 & echo ready; wait", 1);
    signalGroup(started.pid, "SIGSTOP");
    await until(() => readStatNow(started.pid)?.state === "T");
    expect(await stopGroup(started.pid, { graceMs: LONG_MS })).toBe("terminated");
    expect(await started.exited).toEqual({ exitCode: 3, signal: null });
  });

  it("stops a group that forks all the time", async () => {
    const started = await startReady("trap '' TERM; echo ready; while :; do (sleep 0.01 & true) & done");
    expect(await stopGroup(started.pid, { graceMs: 20 })).toBe("killed");
    await started.exited;
    expect(await bench.running()).toEqual([]);
  });

  it("says when there is nothing to stop", async () => {
    const started = await bench.start(["true"]);
    await started.exited;
    expect(await stopGroup(started.pid, { graceMs: LONG_MS })).toBe("gone");
  });

  it("joins a stop under way", async () => {
    const started = await startReady("trap '' TERM; echo ready; while :; do sleep 60; done");
    const first = stopGroup(started.pid, { graceMs: 50 });
    expect(stopGroup(started.pid, { graceMs: LONG_MS })).toBe(first);
    expect(await first).toBe("killed");
    await started.exited;
    // Whoever inherited the killed children may not have collected them yet; then the group still exists.
    const again = stopGroup(started.pid, { graceMs: 50 });
    expect(again).not.toBe(first);
    expect(["gone", "terminated", "killed"]).toContain(await again);
  });

  it("lets a second call bring the kill forward", async () => {
    const started = await startReady("trap '' TERM; echo ready; while :; do sleep 60; done");
    const patient = stopGroup(started.pid, { graceMs: 3_600_000 });
    expect(stopGroup(started.pid, { graceMs: 0 })).toBe(patient);
    expect(await patient).toBe("killed");
    await started.exited;
  });

  it("does not wait for a zombie that its parent never collects", async () => {
    // The parent is outside the group of its child, and has become a program that never waits for it.
    const parent = await bench.sh("setsid sleep 60 & echo $!; exec sleep 60");
    await until(() => programOf(parent.pid) === "sleep");
    const pgid = Number(await parent.stdout());
    await until(() => programOf(pgid) === "sleep");
    expect(await hasNoLivingMember(pgid)).toBe(false);
    expect(await stopGroup(pgid, { graceMs: 3_600_000 })).toBe("terminated");
    expect(signalGroup(pgid, 0), "the zombie is still there").toBe(true);
    expect(await stopGroup(parent.pid, { graceMs: LONG_MS })).toBe("terminated");
    await parent.exited;
  });

  it("stops many groups at a time", async () => {
    const started = await Promise.all(
      Array.from({ length: 20 }, () => startReady("sleep 60 & echo ready; wait", 1)),
    );
    const outcomes = await Promise.all(
      started.map(({ pid }) => stopGroup(pid, { graceMs: LONG_MS, pollMs: 5 })),
    );
    expect(new Set(outcomes)).toEqual(new Set(["terminated"]));
    await Promise.all(started.map(({ exited }) => exited));
    expect(await bench.running()).toEqual([]);
  });
});
