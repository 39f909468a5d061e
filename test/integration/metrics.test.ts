import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { Result } from "../../src/protocol/types.js";
import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { describeIf } from "../support/requires.js";
import { storage } from "../support/storage.js";
import { until } from "../support/until.js";

/** A round comes every five seconds, and may come late on a machine with much to do. */
const PATIENCE_MS = 60_000;

type Latest = Result<"metrics/latest">["items"][number];

/** Three processes of which one leaves the group and its parent, and one burns what it can get in children that end. */
const TREE = [
  "sh",
  "-c",
  "(setsid sleep 600 &) ; (while :; do dd if=/dev/zero of=/dev/null bs=64k count=500 2>/dev/null; done) & wait",
];

async function runs(peer: Peer, argv: readonly string[], more: object = {}): Promise<string> {
  const { sessionId } = await peer.call("session/create", more);
  await peer.call("command/start", {
    sessionId,
    argv: [...argv],
    env: { PATH: process.env["PATH"] ?? "" },
    cwd: "/",
  });
  return sessionId;
}

function measured(
  peer: Peer,
  sessionId: string,
  isEnough: (item: Latest) => boolean = () => true,
): Promise<Latest> {
  return until(
    "a measurement",
    async () => (await peer.call("metrics/latest", { sessionIds: [sessionId] })).items.find(isEnough),
    PATIENCE_MS,
  );
}

describeIf(process.platform === "linux", "Linux", "what sessions use", () => {
  const daemon = daemonForSuite({ inProcess: true });

  it(
    "S2.6 is measured over the whole tree, also what left it and what has ended",
    async () => {
      const peer = await daemon().peer();
      const sessionId = await runs(peer, TREE);
      const latest = await measured(peer, sessionId, ({ cpuPercent }) => cpuPercent > 0);
      expect(latest.processes).toBeGreaterThanOrEqual(3);
      expect(latest.memoryBytes).toBeGreaterThan(100_000);
      const { items, total } = await peer.call("session/processes", { sessionId });
      expect(total).toBe(items.length);
      expect(items.map(({ name }) => name)).toContain("sleep");
      expect(items.map(({ pid }) => pid)).toEqual(items.map(({ pid }) => pid).toSorted((a, b) => a - b));
      const [first] = items;
      const { commandId } = (await peer.call("command/list", { sessionId })).items[0] ?? {};
      expect(first).toMatchObject({ commandId });
      expect(Math.abs(Date.parse(first?.startedAt ?? "") - Date.now())).toBeLessThan(PATIENCE_MS);
      const { points, summary, activity } = await peer.call("metrics/get", { sessionId });
      expect(summary.totalPoints).toBeGreaterThan(0);
      expect(summary.cpuPercent?.maximum).toBeGreaterThan(0);
      expect(summary.processes?.p95).toBeGreaterThanOrEqual(3);
      expect(points.at(-1)?.memoryBytesMax).toBeGreaterThan(100_000);
      expect(activity).toMatchObject({
        commandsStarted: 1,
        commandsRunning: 1,
        commandsFailed: 0,
        errors: 0,
      });
      await peer.call("session/end", { sessionId });
      expect(await measured(peer, sessionId, ({ processes }) => processes === 0)).toMatchObject({
        cpuPercent: 0,
      });
      expect((await peer.call("session/processes", { sessionId })).items).toEqual([]);
    },
    2 * PATIENCE_MS,
  );

  it("S0.4 counts what was done: errors, invocations and how long they took", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", {});
    await peer.call("session/record", { sessionId, action: "x", kind: "error" });
    await peer.call("session/record", { sessionId, action: "y" });
    for (const durationMs of [10, 20, 30, 1_000])
      await peer.call("invocation/link", {
        sessionId,
        tool: "t",
        path: "/tmp/x",
        durationMs,
        status: "succeeded",
      });
    const { activity, summary, points } = await peer.call("metrics/get", { sessionId });
    expect(activity).toMatchObject({ errors: 1, invocations: 4, commandsStarted: 0 });
    expect(activity?.responseTimes).toMatchObject({ count: 4, averageMs: 265, maximumMs: 1_000 });
    expect(Math.abs((activity?.responseTimes.p50Ms ?? 0) - 20)).toBeLessThan(2);
    expect([summary, points]).toEqual([{ durationMs: 0, totalPoints: 0 }, []]);
    expect(activity?.files).toBeUndefined();
    const session = await (await daemon().client()).open(sessionId);
    session.detach();
    expect((await session.metrics({ stepMs: 60_000 })).activity?.errors).toBe(1);
    for await (const process of session.processes()) expect(process).toBeUndefined();
  });

  it("tells of the machine where no session is named", async () => {
    const peer = await daemon().peer();
    const { machine, sessionId, activity } = await peer.call("metrics/get", {});
    expect([sessionId, activity]).toEqual([undefined, undefined]);
    expect(machine?.loadAverage).toHaveLength(3);
    expect(machine?.totalMemoryBytes).toBeGreaterThan(machine?.memoryBytes ?? 0);
    expect(machine?.cores).toBeGreaterThan(0);
  });

  it("takes a time and a step, and refuses what is none", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", {});
    const day = { since: "2026-01-01T00:00:00Z", until: "2026-01-02T00:00:00Z" };
    expect(await peer.call("metrics/get", { sessionId, ...day, stepMs: 3_600_000 })).toMatchObject({
      since: "2026-01-01T00:00:00.000Z",
      until: "2026-01-02T00:00:00.000Z",
      stepMs: 3_600_000,
      points: [],
    });
    await expect(peer.call("metrics/get", { sessionId, stepMs: 1 })).rejects.toMatchObject({
      type: "invalid_params",
    });
    for (const method of ["metrics/get", "session/processes"] as const)
      await expect(peer.call(method, { sessionId: "none" })).rejects.toMatchObject({
        type: "session_not_found",
      });
    await expect(peer.call("metrics/latest", { cursor: "x" })).rejects.toMatchObject({
      type: "invalid_params",
    });
  });

  it(
    "S2.6 counts files where a session asks for it, and says what its folder takes",
    async () => {
      const peer = await daemon().peer();
      const workingDirectory = join(daemon().folder, "work");
      await mkdir(workingDirectory);
      await writeFile(join(workingDirectory, "there"), Buffer.alloc(100_000, 1));
      const config = { metrics: { watchFiles: true } };
      const { sessionId } = await peer.call("session/create", { workingDirectory, config });
      const files = async () => (await peer.call("metrics/get", { sessionId })).activity?.files;
      expect(await files()).toMatchObject({ created: 0, state: "watching" });
      let count = 0;
      // Until the watcher has begun, nothing is counted.
      await until("a file to be counted", async () => {
        await writeFile(join(workingDirectory, `f${(count += 1)}`), "x");
        return ((await files())?.created ?? 0) > 0;
      });
      await rm(join(workingDirectory, `f${count}`));
      await until("a file to be deleted", async () => ((await files())?.deleted ?? 0) > 0);
      await peer.call("command/start", { sessionId, argv: ["sleep", "600"] });
      const { diskBytes = 0 } = await measured(peer, sessionId, (item) => item.diskBytes !== undefined);
      expect(diskBytes).toBeGreaterThanOrEqual(100_000);
      await peer.call("session/update", { sessionId, config: { metrics: { watchFiles: false } } });
      expect(await files()).toMatchObject({ state: "off" });
      await peer.call("session/end", { sessionId });
    },
    2 * PATIENCE_MS,
  );
});

describe("what was measured", () => {
  it.skipIf(storage() === "memory" || process.platform !== "linux")(
    "S2.6 survives kill -9 with its command, and goes with its session",
    async () => {
      const daemon = await daemonForTest();
      const peer = await daemon.peer();
      const sessionId = await runs(peer, ["sleep", "600"]);
      await peer.call("session/record", { sessionId, action: "x", kind: "error" });
      const folder = join(daemon.dataDir, "metrics");
      const own = async (): Promise<string[]> =>
        (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(`${sessionId}~`));
      await until(
        "its file",
        async () => (await own()).length === 1 && (await peer.call("metrics/latest", {})).total === 1,
        PATIENCE_MS,
      );
      const before = await peer.call("metrics/get", { sessionId });
      await daemon.crash();
      const after = await daemon.peer();
      const first = before.points[0];
      await measured(after, sessionId);
      const { points, activity } = await after.call("metrics/get", { sessionId });
      expect(points[0]).toEqual(first);
      expect(points.length).toBeGreaterThan(1);
      expect(activity?.errors).toBe(1);
      await after.call("session/end", { sessionId });
      // Its command is still being stopped.
      await until("the session to be deleted", () =>
        after.call("session/delete", { sessionId }).then(
          () => true,
          () => false,
        ),
      );
      await until("its file to be gone", async () => (await own()).length === 0);
    },
    3 * PATIENCE_MS,
  );

  it("is nothing where nobody wants it measured, and everything else goes on", async () => {
    const daemon = await daemonForTest({ inProcess: true, config: { metrics: { enabled: false } } });
    const peer = await daemon.peer();
    const sessionId = await runs(peer, ["true"]);
    const { summary } = await peer.call("metrics/get", { sessionId });
    expect(summary.totalPoints).toBe(0);
    expect((await peer.call("metrics/latest", {})).items).toEqual([]);
  });
});
