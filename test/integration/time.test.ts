import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import type { Params, Result } from "../../src/protocol/types.js";
import { daemonForSuite, daemonForTest, type TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { whenSnapshotted } from "../support/snapshot.js";
import { passing, until } from "../support/until.js";

const daemon = daemonForSuite({ config: { sessions: { idleTimeoutMs: 0 } } });

type Config = NonNullable<Params<"session/create">["config"]>;

async function create(peer: Peer, config: Config): Promise<string> {
  return (await peer.call("session/create", { config })).sessionId;
}

async function whenEnded(peer: Peer, sessionId: string): Promise<Result<"session/get">> {
  return until(`the end of ${sessionId}`, async () => {
    const session = await peer.call("session/get", { sessionId });
    return session.endedAt !== undefined && session;
  });
}

describe.concurrent("limits of a session", () => {
  it("S1.2 S0.1 idleTimeoutMs: ends when nothing is done in it, not while something is", async () => {
    const peer = await daemon().peer();
    const idle = await create(peer, { idleTimeoutMs: 400 });
    const busy = await create(peer, { idleTimeoutMs: 1_500 });
    const works = [
      () => peer.call("session/touch", { sessionId: busy }),
      () => peer.call("session/record", { sessionId: busy, action: "work" }),
      () => peer.call("metadata/set", { sessionId: busy, key: "k", value: 1 }),
    ];
    for (let index = 0; index < 12; index += 1) {
      await works[index % works.length]?.();
      // Looking is not activity, and neither is a heartbeat.
      await peer.call("session/heartbeat", { sessionId: idle }).catch(() => undefined);
      await passing(200);
    }
    const ended = await whenEnded(peer, idle);
    expect(ended).toMatchObject({ status: "timed_out", endReason: "idle limit of 400 ms" });
    expect((await peer.call("session/get", { sessionId: busy })).status).toBe("active");
    expect((await peer.call("session/stats", { sessionId: busy })).remaining.idleMs).toBeGreaterThan(0);
    await expect(peer.call("session/touch", { sessionId: idle })).rejects.toMatchObject({
      type: "session_not_active",
    });
    expect((await whenEnded(peer, busy)).status).toBe("timed_out");
  });

  it("S1.2 lifetimeMs: ends whatever happens in it, paused or not", async () => {
    const peer = await daemon().peer();
    const [busy, paused] = [await create(peer, { lifetimeMs: 500 }), await create(peer, { lifetimeMs: 500 })];
    await peer.call("session/pause", { sessionId: paused });
    const touching = until("the end", async () => {
      return peer.call("session/touch", { sessionId: busy }).then(
        () => false,
        () => true,
      );
    });
    expect((await whenEnded(peer, busy)).endReason).toBe("lifetime limit of 500 ms");
    expect((await whenEnded(peer, paused)).status).toBe("timed_out");
    await touching;
  });

  it("S0.1 heartbeatTimeoutMs: ends when nobody beats, lives while somebody does", async () => {
    const peer = await daemon().peer();
    const silent = await create(peer, { heartbeatTimeoutMs: 500 });
    const client = await daemon().client();
    const kept = await client.open("kept alive", { config: { heartbeatTimeoutMs: 900 } });
    // Work is no heartbeat: somebody else may do it.
    const works = await until("the end", async () => {
      return peer.call("session/touch", { sessionId: silent }).then(
        () => false,
        () => true,
      );
    });
    expect(works).toBe(true);
    expect((await whenEnded(peer, silent)).endReason).toBe("heartbeat limit of 500 ms");
    await passing(1_500);
    expect(await kept.get()).toMatchObject({
      status: "active",
      lastHeartbeatAt: expect.any(String) as string,
    });
    kept.detach();
    expect((await whenEnded(peer, kept.sessionId)).status).toBe("timed_out");
  });

  it("S1.2 heartbeatTimeoutMs that is set later counts from then on, whenever somebody beat before", async () => {
    const peer = await daemon().peer();
    const sessionId = await create(peer, {});
    await peer.call("session/heartbeat", { sessionId });
    await passing(1_200);
    await peer.call("session/update", { sessionId, config: { heartbeatTimeoutMs: 1_000 } });
    const { remaining } = await peer.call("session/stats", { sessionId });
    expect(remaining.heartbeatMs).toBeGreaterThan(0);
    expect(await peer.call("session/get", { sessionId })).toHaveProperty("lastHeartbeatAt");
    expect((await whenEnded(peer, sessionId)).endReason).toBe("heartbeat limit of 1000 ms");
  });

  it("S1.2 a paused session neither idles nor needs heartbeats, and has its whole time when it goes on", async () => {
    const peer = await daemon().peer();
    const config = { idleTimeoutMs: 1_500, heartbeatTimeoutMs: 1_500 };
    const [witness, sessionId] = [await create(peer, config), await create(peer, config)];
    await peer.call("session/pause", { sessionId });
    await whenEnded(peer, witness);
    expect((await peer.call("session/stats", { sessionId })).remaining).toEqual({});
    await peer.call("session/resume", { sessionId });
    const { remaining } = await peer.call("session/stats", { sessionId });
    expect(remaining.heartbeatMs).toBeGreaterThan(1_000);
    expect(remaining.idleMs).toBeGreaterThan(1_000);
    expect((await whenEnded(peer, sessionId)).status).toBe("timed_out");
  });

  it("S1.2 a session in which a command runs is not idle; it is from the end of the command on", async () => {
    const peer = await daemon().peer();
    const [witness, sessionId] = [
      await create(peer, { idleTimeoutMs: 600 }),
      await create(peer, { idleTimeoutMs: 600 }),
    ];
    const { commandId } = await peer.call("command/start", { sessionId, argv: ["sleep", "100"] });
    await whenEnded(peer, witness);
    await passing(1_100);
    const stats = await peer.call("session/stats", { sessionId });
    expect(stats).toMatchObject({ status: "active", remaining: {} });
    await peer.call("command/signal", { commandId });
    await peer.call("command/wait", { commandId });
    expect((await peer.call("session/stats", { sessionId })).remaining.idleMs).toBeGreaterThan(0);
    expect((await whenEnded(peer, sessionId)).status).toBe("timed_out");
  });

  it("S1.2 a limit that is changed holds from then on, also a shorter one", async () => {
    const peer = await daemon().peer();
    const sessionId = await create(peer, { idleTimeoutMs: 3_600_000 });
    await peer.call("session/update", { sessionId, config: { idleTimeoutMs: 200 } });
    expect((await whenEnded(peer, sessionId)).endReason).toBe("idle limit of 200 ms");
    const other = await create(peer, { idleTimeoutMs: 1_500 });
    await peer.call("session/update", { sessionId: other, config: { idleTimeoutMs: 0 } });
    await passing(2_600);
    expect((await peer.call("session/get", { sessionId: other })).status).toBe("active");
  });
});

describe.concurrent("time in which the daemon was not there", () => {
  type WhenFinished = Parameters<typeof daemonForTest>[1];

  async function own(
    whenFinished: WhenFinished,
    config: Config,
  ): Promise<{ daemon: TestDaemon; sessionId: string }> {
    const daemon = await daemonForTest({}, whenFinished);
    return { daemon, sessionId: await create(await daemon.peer(), config) };
  }

  it.for(["stop", "kill"] as const)(
    "S1.2 is no idleness and no missing heartbeat (%s)",
    async (way, test) => {
      const { daemon, sessionId } = await own(test.onTestFinished, {
        idleTimeoutMs: 2_500,
        heartbeatTimeoutMs: 2_500,
      });
      await daemon[way]();
      await passing(3_000);
      await daemon.start();
      const peer = await daemon.peer();
      const stats = await peer.call("session/stats", { sessionId });
      expect(stats.status).toBe("active");
      expect(stats.durationMs).toBeGreaterThan(3_000);
      expect(stats.idleMs).toBeLessThan(2_500);
      expect((await whenEnded(peer, sessionId)).status).toBe("timed_out");
      await daemon.crash();
      expect((await whenEnded(await daemon.peer(), sessionId)).status).toBe("timed_out");
    },
  );

  it("S1.2 after a snapshot and a kill -9 no session has more time than its limit", async (test) => {
    const idleTimeoutMs = 600_000;
    const config = { journal: { minimumSnapshotBytes: 1_024 } };
    const daemon = await daemonForTest({ config }, test.onTestFinished);
    let peer = await daemon.peer();
    const sessionId = await create(peer, { idleTimeoutMs });
    await passing(1_000);
    // Late in the life of the daemon, and in the snapshot all the same.
    await peer.call("session/touch", { sessionId });
    await whenSnapshotted(peer);
    await daemon.kill();
    // It is refreshed every ten seconds, so it may well know nothing of all this.
    await rm(join(daemon.dataDir, "uptime.json"), { force: true });
    expect(await daemon.start()).toMatchObject({ records: 0 });
    peer = await daemon.peer();
    const { remaining } = await peer.call("session/stats", { sessionId });
    expect(remaining.idleMs).toBeLessThanOrEqual(idleTimeoutMs);
    expect(remaining.idleMs).toBeGreaterThan(idleTimeoutMs - 60_000);
  });

  it("S1.2 SIGSTOP for three seconds, a heartbeat waiting in the socket: nobody is lost", async (test) => {
    const { daemon, sessionId } = await own(test.onTestFinished, {
      heartbeatTimeoutMs: 2_000,
      idleTimeoutMs: 2_000,
    });
    const peer = await daemon.peer();
    const silent = await create(peer, { heartbeatTimeoutMs: 2_000 });
    daemon.process.signal("SIGSTOP");
    const beat = peer.call("session/heartbeat", { sessionId });
    await passing(3_000);
    daemon.process.signal("SIGCONT");
    expect(await beat).toEqual({ status: "active" });
    // The time of the stop counts for nobody: also one that did not beat has what it had.
    const left = await peer.call("session/stats", { sessionId: silent });
    expect(left.remaining.heartbeatMs).toBeGreaterThan(0);
    const { remaining } = await peer.call("session/stats", { sessionId });
    expect(remaining.idleMs).toBeGreaterThan(0);
    expect((await whenEnded(peer, silent)).status).toBe("timed_out");
  });

  it("S1.2 SIGSTOP for less than that counts, and the heartbeat in the socket is heard before it is judged", async (test) => {
    const { daemon, sessionId } = await own(test.onTestFinished, { heartbeatTimeoutMs: 1_000 });
    const peer = await daemon.peer();
    const silent = await create(peer, { heartbeatTimeoutMs: 1_000 });
    const beats: Promise<unknown>[] = [];
    await peer.call("session/heartbeat", { sessionId });
    daemon.process.signal("SIGSTOP");
    beats.push(peer.call("session/heartbeat", { sessionId }));
    await passing(1_600);
    daemon.process.signal("SIGCONT");
    await until("the end of the silent one", async () => {
      await peer.call("session/heartbeat", { sessionId });
      return (await peer.call("session/get", { sessionId: silent })).endedAt !== undefined;
    });
    await Promise.all(beats);
    expect((await peer.call("session/get", { sessionId })).status).toBe("active");
  });
});
