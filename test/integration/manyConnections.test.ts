import { expect, it, onTestFinished } from "vitest";

import { openFilesLimit } from "../../src/log/openFilesLimit.js";
import { isSame, readIdentity } from "../../src/process/identity.js";
import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import { rssBytes } from "../support/memory.js";
import { Peer } from "../support/peer.js";
import { describeIf, hasProgram } from "../support/requires.js";
import { until, within } from "../support/until.js";

const MIB = 1_024 * 1_024;
const MANY = 2_000;

/** So many peers, at once. */
async function peersOf(daemon: TestDaemon, count: number): Promise<Peer[]> {
  const peers = await Promise.all(Array.from({ length: count }, () => Peer.open(daemon.socket)));
  onTestFinished(() => peers.forEach((peer) => peer.close()));
  return peers;
}

/** So many peers that have been answered, a group at a time: the queue of a socket holds 511 that wait. */
async function servedPeers(daemon: TestDaemon, count: number): Promise<Peer[]> {
  const peers: Peer[] = [];
  while (peers.length < count) {
    const group = await peersOf(daemon, Math.min(250, count - peers.length));
    await Promise.all(group.map((peer) => peer.call("daemon/ping")));
    peers.push(...group);
  }
  return peers;
}

/** Both ends' descriptors: ours, and the daemon's, which inherits the limit. */
const isRoomy = openFilesLimit() >= 2 * MANY;

describeIf(isRoomy, `${2 * MANY} open files (ulimit -n)`, `${MANY} connections`, () => {
  it("S1.9 are all answered, again and again, and one more is told that there are too many", async () => {
    const daemon = await daemonForTest({ config: { limits: { connections: MANY } } });
    const before = await rssBytes(daemon.process.pid);
    const peers = await servedPeers(daemon, MANY);
    const created = await Promise.all(
      peers.map((peer, index) => peer.call("session/create", { sessionId: `s${index}` })),
    );
    expect(new Set(created.map(({ seq }) => seq)).size).toBe(MANY);
    const records = peers.map((peer, index) =>
      peer.call("session/record", { sessionId: `s${index}`, action: "x" }),
    );
    await Promise.all(records);
    // 2,000 sessions and connections that have worked: 32 KiB for each of them is plenty.
    expect((await rssBytes(daemon.process.pid)) - before).toBeLessThan(64 * MIB + MANY * 32_768);

    const [first] = peers as [Peer];
    const surplus = await peersOf(daemon, 20);
    for (const peer of surplus) {
      await within("its refusal", peer.whenGone());
      expect(peer.others[0]).toMatchObject({
        id: null,
        error: { data: { type: "limit_reached", limit: "connections", maximum: MANY } },
      });
    }
    expect(await first.call("daemon/status")).toMatchObject({
      connections: MANY,
      sessions: { total: MANY },
    });
    for (const peer of peers.slice(0, MANY / 2)) peer.close();
    const late = await until("room for one", async () => {
      const [peer] = (await peersOf(daemon, 1)) as [Peer];
      return peer.call("daemon/ping").then(
        () => peer,
        () => false as const,
      );
    });
    const last = peers.at(-1) ?? late;
    expect(await last.call("session/list", { limit: 1 })).toMatchObject({ total: MANY });
    for (const peer of peers) expect(peer.check.faults).toEqual([]);
  });
});

describeIf(hasProgram("prlimit"), "prlimit, from util-linux", "64 descriptors", () => {
  it("S1.9 are used up by peers: those that are served go on being served, and commands are stopped", async () => {
    // So small that new segments and snapshots are wanted while there is no descriptor for them.
    const journal = { segmentBytes: 4_096, minimumSnapshotBytes: 1_024 };
    const env = { SESSIOND_TEST_OPEN_FILES: "64" };
    const daemon = await daemonForTest({ config: { journal }, env });
    const peer = await daemon.peer();
    const { sessionId } = await peer.call("session/create");
    const stubborn = ["sh", "-c", "trap '' TERM; (trap '' TERM; sleep 100) & echo up; wait; sleep 100"];
    const start = { sessionId, argv: stubborn, startToCloseMs: 1_000, graceMs: 500 };
    const { commandId } = await peer.call("command/start", start);
    await peer.call("command/output", { commandId, follow: true });
    const { pid = 0 } = await peer.call("command/get", { commandId });
    const identity = readIdentity(pid);
    if (identity === undefined) throw new Error("the command ended too early");

    const crowd = await peersOf(daemon, 100);
    // Some are served, until there is no descriptor left; the others are closed without an answer.
    const answers = await Promise.allSettled(crowd.map((one) => one.call("daemon/ping")));
    const served = crowd.filter((_, index) => answers[index]?.status === "fulfilled");
    expect(served.length).toBeGreaterThan(5);
    expect(served.length).toBeLessThan(60);
    for (let round = 0; round < 30; round += 1) {
      await peer.call("session/record", { sessionId, action: `round-${round}`, details: "x".repeat(500) });
      await Promise.all(served.map((one) => one.call("session/get", { sessionId })));
    }
    // A command cannot be started without descriptors, and the caller learns why.
    const failed = await peer.call("command/run", { sessionId, argv: ["true"] });
    expect(failed).toMatchObject({ status: "failed", cause: "start_failed" });
    expect(failed.error).toMatch(/too many files/);
    await until("the end of the stubborn one", () => !isSame(identity));
    const ended = await within("its record", peer.call("command/wait", { commandId }));
    expect(ended).toMatchObject({ status: "timed_out", cause: "start_to_close" });

    for (const one of crowd) one.close();
    await until("room for a command", async () => {
      return (await peer.call("command/run", { sessionId, argv: ["true"] })).status === "succeeded";
    });
    const late = await daemon.peer();
    expect(await late.call("session/get", { sessionId })).toMatchObject({ activities: 30 });
    await daemon.crash();
    const after = await daemon.peer();
    expect(await after.call("session/get", { sessionId })).toMatchObject({ activities: 30 });
  });
});
