import { describe, expect, it } from "vitest";

import type { Result } from "../../client/index.js";
import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import { PeerLostError } from "../support/peer.js";
import { whenSnapshotted } from "../support/snapshot.js";
import { within } from "../support/until.js";

/** Everything that can be asked about the state, in one value. */
async function stateOf(daemon: TestDaemon): Promise<object> {
  const peer = await daemon.peer();
  const { items: sessions } = await peer.call("session/list", { includeArchived: true, limit: 1_000 });
  const activities: Record<string, Result<"session/activities">> = {};
  const commands: Record<string, Result<"command/list">> = {};
  for (const { sessionId } of sessions) {
    activities[sessionId] = await peer.call("session/activities", { sessionId });
    commands[sessionId] = await peer.call("command/list", { sessionId });
  }
  const outputs: Record<string, object> = {};
  for (const { commandId } of Object.values(commands).flatMap(({ items }) => items)) {
    outputs[commandId] = await peer.call("command/output", { commandId });
  }
  return { sessions, activities, commands, outputs };
}

async function fill(daemon: TestDaemon): Promise<void> {
  const peer = await daemon.peer();
  for (const end of ["completed", "failed", "abandoned", undefined] as const) {
    const { sessionId } = await peer.call("session/create", {
      name: `ends ${end}`,
      tags: ["t"],
      environment: { A: "b" },
      metadata: { k: [1] },
      workingDirectory: "/tmp",
      config: {
        retry: { maxAttempts: 2, initialIntervalMs: 10 },
        autoSaveIntervalMs: end === "failed" ? 100 : 60_000,
      },
    });
    for (let index = 0; index < 5; index += 1) {
      await peer.call("session/record", {
        sessionId,
        action: `a${index}`,
        usage: { tool: "t", costUsd: 0.1 },
      });
    }
    await peer.call("command/run", { sessionId, argv: ["sh", "-c", "echo out; exit 1"], name: "n" });
    await peer.call("command/run", { sessionId, argv: ["true"] });
    await peer.call("metadata/set", { sessionId, key: "set", value: "later" });
    if (end !== undefined) await peer.call("session/end", { sessionId, status: end, reason: "r" });
    if (end === "abandoned") await peer.call("session/archive", { sessionId });
  }
  const { sessionId } = await peer.call("session/create", {});
  await peer.call("session/pause", { sessionId });
}

describe("a restart", () => {
  it("S0.5 S1.2 S1.4 keeps everything: in order, by kill -9, and from a snapshot", async () => {
    const config = { sessions: { idleTimeoutMs: 0 }, journal: { minimumSnapshotBytes: 1_024 } };
    const daemon = await daemonForTest({ config });
    await fill(daemon);
    const before = await stateOf(daemon);
    await daemon.crash();
    expect(await stateOf(daemon)).toEqual(before);
    await daemon.restart();
    expect(await stateOf(daemon)).toEqual(before);
    await whenSnapshotted(await daemon.peer());
    const withFiller = await stateOf(daemon);
    // From the snapshot alone: there is nothing behind it to be replayed.
    expect(await daemon.crash()).toMatchObject({ records: 0 });
    expect(await stateOf(daemon)).toEqual(withFiller);
  });

  it("S0.5 up-time goes on, and the place in the journal", async () => {
    const daemon = await daemonForTest();
    let peer = await daemon.peer();
    const { sessionId } = await peer.call("session/create");
    const { seq } = await peer.call("session/touch", { sessionId });
    const before = await peer.call("daemon/status");
    await daemon.restart();
    peer = await daemon.peer();
    const after = await peer.call("daemon/status");
    expect(after.journal.seq).toBe(seq);
    expect(after.cumulativeUptimeMs).toBeGreaterThanOrEqual(before.cumulativeUptimeMs);
    expect(after.uptimeMs).toBeLessThan(after.cumulativeUptimeMs + 10_000);
    expect((await peer.call("session/touch", { sessionId })).seq).toBe(seq + 1);
  });
});

describe("a stop", () => {
  it("B.5 takes about a second, whatever runs, and leaves nothing behind", async () => {
    const daemon = await daemonForTest({ config: { commands: { graceMs: 60_000 } } });
    let peer = await daemon.peer();
    const { sessionId } = await peer.call("session/create");
    const stubborn = "trap '' TERM; echo up; while :; do sleep 0.1; done";
    const scripts = ["sleep 100", stubborn, `(${stubborn}) & echo up; wait`, "sleep 100 & exit 0"];
    const ids: string[] = [];
    for (const script of [...scripts, ...scripts]) {
      const { commandId } = await peer.call("command/start", { sessionId, argv: ["sh", "-c", script] });
      if (script.includes("up")) await peer.call("command/output", { commandId, follow: true });
      ids.push(commandId);
    }
    // What was left behind by one that has ended, and does not want to go, goes too.
    const orphaning = `(${stubborn}) & read x`;
    await peer.call("command/run", { sessionId, argv: ["sh", "-c", orphaning] });
    const waiting = peer.call("command/wait", { commandId: ids[0] ?? "" });
    // Carried out in their order: once this is answered, the daemon waits. Else the stop may come before the call.
    await peer.call("daemon/ping");
    const exit = await within("the stop", daemon.stop(), 4_000);
    expect(exit).toEqual({ code: 0, signal: null });
    expect(await daemon.leftovers()).toEqual([]);
    // Whoever waited for a command has learned how it ended.
    expect(await waiting).toMatchObject({ status: "cancelled", cause: "daemon_stopped" });
    await daemon.start();
    peer = await daemon.peer();
    const { items } = await peer.call("command/list", { sessionId, status: "cancelled" });
    expect(items.length).toBeGreaterThanOrEqual(6);
    expect(items.every(({ cause }) => cause === "daemon_stopped")).toBe(true);
    expect((await peer.call("daemon/status")).recovery.lostCommands).toBe(0);
  });

  it("B.5 by daemon/shutdown: answered first, then it is gone", async () => {
    const daemon = await daemonForTest();
    const [peer, idle] = [await daemon.peer(), await daemon.peer()];
    const { sessionId } = await peer.call("session/create");
    expect(await peer.call("daemon/shutdown")).toEqual({ stopping: true });
    await within("the end of the connections", Promise.all([peer.whenGone(), idle.whenGone()]));
    expect(await within("the end", daemon.process.exited)).toEqual({ code: 0, signal: null });
    await daemon.start();
    expect((await (await daemon.peer()).call("session/get", { sessionId })).status).toBe("active");
  });

  it("B.9 a write under way is either answered and kept, or neither", async () => {
    const daemon = await daemonForTest();
    const peer = await daemon.peer();
    const { sessionId } = await peer.call("session/create");
    const writes = Array.from({ length: 300 }, (_, index) =>
      peer.call("session/record", { sessionId, action: `a${index}` }).then(
        () => index,
        (error: unknown) => {
          const isExpected =
            error instanceof PeerLostError || (error as { type?: unknown }).type === "shutting_down";
          if (!isExpected) throw error;
        },
      ),
    );
    await peer.when("the first answers", () => true);
    const exit = daemon.stop();
    const answered = (await Promise.all(writes)).filter((index) => index !== undefined);
    expect((await exit).code).toBe(0);
    await daemon.start();
    const { items } = await (await daemon.peer()).call("session/activities", { sessionId, limit: 1_000 });
    const actions = items.map((item) => ("action" in item ? item.action : "damaged"));
    expect(new Set(actions).size).toBe(actions.length);
    expect(answered.map((index) => `a${index}`).filter((action) => !actions.includes(action))).toEqual([]);
  });
});
