import { type ChildProcess, spawn } from "node:child_process";
import { describe, expect, it, onTestFinished } from "vitest";

import type { Result } from "../../src/protocol/types.js";
import { daemonForSuite, daemonForTest, type TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

const daemon = daemonForSuite({ config: { leases: { graceMs: 500 } }, inProcess: true });

type Claimed = Result<"session/claim">;

async function create(peer: Peer): Promise<string> {
  return (await peer.call("session/create", {})).sessionId;
}

const taken = (peer: Peer): unknown[] =>
  peer.others.filter(({ method }) => method === "session/taken").map(({ params }) => params);

async function whenFree(peer: Peer, sessionId: string): Promise<void> {
  await until("the end of the lease", async () => {
    return (await peer.call("session/get", { sessionId })).lease === undefined;
  });
}

/** A program of its own, which claims the session and goes on holding it until it is killed. */
async function holdElsewhere(
  { socket }: TestDaemon,
  sessionId: string,
): Promise<{ readonly child: ChildProcess; readonly claimed: Claimed }> {
  const call = { jsonrpc: "2.0", id: 1, method: "session/claim", params: { sessionId, holder: "child" } };
  const program = `require("node:net").connect(process.argv[1]).on("data", (line) => process.stdout.write(line))
    .write(process.argv[2] + "\\n")`;
  const child = spawn(process.execPath, ["-e", program, socket, JSON.stringify(call)]);
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) {
    said += chunk as string;
    if (said.includes("\n")) break;
  }
  return { child, claimed: (JSON.parse(said) as { result: Claimed }).result };
}

describe("one writer by lease", () => {
  it("B.3 whoever claims a session alone may write to it; others watch it, and are told who has it", async () => {
    const [holder, other] = [await daemon().peer(), await daemon().peer()];
    const sessionId = await create(other);
    const { seq } = await other.call("session/touch", { sessionId });
    await other.call("event/subscribe", { sessionIds: [sessionId], sinceSeq: seq });
    const { lease, epoch } = await holder.call("session/claim", { sessionId, holder: "ada" });
    expect(epoch).toBe(1);
    await expect(other.call("session/touch", { sessionId })).rejects.toMatchObject({
      type: "lease_held",
      details: { epoch: 1, holder: "ada" },
    });
    await expect(holder.call("session/touch", { sessionId })).rejects.toMatchObject({ type: "lease_held" });
    await expect(other.call("session/claim", { sessionId })).rejects.toMatchObject({ type: "lease_held" });
    await holder.call("metadata/set", { sessionId, key: "k", value: 1, lease });
    expect(await other.call("session/get", { sessionId })).toMatchObject({
      metadata: { k: 1 },
      lease: { epoch: 1, holder: "ada", claimedAt: expect.any(String) as string },
    });
    await other.call("session/heartbeat", { sessionId });
    await holder.call("session/release", { sessionId, lease });
    await holder.call("session/release", { sessionId, lease });
    await other.call("session/touch", { sessionId });
    await expect(holder.call("session/touch", { sessionId, lease })).rejects.toMatchObject({
      type: "lease_lost",
    });
    await other.when("all events", () => other.events.length === 4);
    expect(other.events.map(({ type, data }) => [type, data])).toEqual([
      ["session/claimed", { epoch: 1, holder: "ada" }],
      ["metadata/set", { key: "k", value: 1 }],
      ["session/released", { epoch: 1, reason: "released" }],
      ["session/touched", {}],
    ]);
    expect(JSON.stringify([other.events, await other.call("session/get", { sessionId })])).not.toContain(
      lease,
    );
  });

  it("B.3 takeover: the former holder is told without having subscribed, and its writes are refused", async () => {
    const [former, taker] = [await daemon().peer(), await daemon().peer()];
    const sessionId = await create(former);
    const first = await former.call("session/claim", { sessionId });
    const second = await taker.call("session/claim", { sessionId, takeover: true, holder: "ben" });
    expect(second.epoch).toBe(2);
    await former.when("to be told", () => taken(former).length > 0);
    expect(taken(former)).toEqual([{ sessionId, epoch: 2, holder: "ben" }]);
    expect(taken(taker)).toEqual([]);
    const { lease } = first;
    await expect(former.call("session/touch", { sessionId, lease })).rejects.toMatchObject({
      type: "lease_lost",
      details: { epoch: 2, holder: "ben" },
    });
    await expect(former.call("session/release", { sessionId, lease })).rejects.toMatchObject({
      type: "lease_lost",
    });
    await taker.call("session/touch", { sessionId, lease: second.lease });
    // Two that claim on one connection are told apart by the epoch.
    await taker.call("session/claim", { sessionId, takeover: true });
    await taker.when("to be told", () => taken(taker).length > 0);
    expect(taken(taker)).toEqual([{ sessionId, epoch: 3 }]);
  });

  it("B.3 takeover under load: nothing of the former holder is written after the answer to the taker", async () => {
    const [former, taker, watcher] = [await daemon().peer(), await daemon().peer(), await daemon().peer()];
    const sessionId = await create(former);
    await watcher.call("event/subscribe", { sessionIds: [sessionId] });
    const { lease } = await former.call("session/claim", { sessionId });
    const written: number[] = [];
    const refused: unknown[] = [];
    const write = async (): Promise<void> => {
      for (let index = 0; refused.length === 0; index += 1) {
        const params = { sessionId, key: "by", value: index, lease };
        await former.call("metadata/set", params).then(
          ({ seq }) => written.push(seq),
          (error: { type?: string }) => {
            refused.push(error.type);
          },
        );
      }
    };
    const writers = Array.from({ length: 16 }, write);
    await until("some writes", () => written.length > 200);
    const { seq } = await taker.call("session/claim", { sessionId, takeover: true });
    await Promise.all(writers);
    expect(new Set(refused)).toEqual(new Set(["lease_lost"]));
    expect(Math.max(...written)).toBeLessThan(seq);
    // As the journal has it, too: all that was set lies between the two claims.
    await watcher.when("all events", () => watcher.events.at(-1)?.seq === seq);
    const types = watcher.events.map(({ type }) => type);
    expect(types[0]).toBe("session/claimed");
    expect(types.at(-1)).toBe("session/claimed");
    expect(new Set(types.slice(1, -1))).toEqual(new Set(["metadata/set"]));
  });

  it("B.3 a lease ends with its connection after a grace period, also when the holder is killed", async () => {
    const peer = await daemon().peer();
    const sessionId = await create(peer);
    const { child, claimed } = await holdElsewhere(daemon(), sessionId);
    await expect(peer.call("session/touch", { sessionId })).rejects.toMatchObject({ type: "lease_held" });
    child.kill("SIGKILL");
    await whenFree(peer, sessionId);
    await peer.call("session/touch", { sessionId });
    expect((await peer.call("session/claim", { sessionId })).epoch).toBe(claimed.epoch + 1);
    const { lease } = claimed;
    await expect(peer.call("session/touch", { sessionId, lease })).rejects.toMatchObject({
      type: "lease_lost",
    });
  });

  it("B.3 the end of a session ends its lease, in the same record", async () => {
    const peer = await daemon().peer();
    const sessionId = await create(peer);
    const { lease } = await peer.call("session/claim", { sessionId });
    await expect(peer.call("session/end", { sessionId })).rejects.toMatchObject({ type: "lease_held" });
    const ended = await peer.call("session/end", { sessionId, lease });
    expect(ended).not.toHaveProperty("lease");
    // To end it again changes nothing, whoever does so.
    await peer.call("session/end", { sessionId, lease });
    await peer.call("session/end", { sessionId });
    await expect(peer.call("session/claim", { sessionId })).rejects.toMatchObject({
      type: "session_not_active",
    });
    await peer.call("session/archive", { sessionId, lease });
  });

  it("B.3 a time limit ends a session whoever holds it", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", { config: { lifetimeMs: 300 } });
    await peer.call("session/claim", { sessionId });
    await until(
      "the end",
      async () => (await peer.call("session/get", { sessionId })).status === "timed_out",
    );
    expect(await peer.call("session/get", { sessionId })).not.toHaveProperty("lease");
  });

  it("B.3 a command is started and signalled by the holder alone, and runs on whoever holds the session", async () => {
    const [holder, other] = [await daemon().peer(), await daemon().peer()];
    const sessionId = await create(holder);
    const { lease } = await holder.call("session/claim", { sessionId });
    const argv = ["sleep", "60"];
    await expect(other.call("command/start", { sessionId, argv })).rejects.toMatchObject({
      type: "lease_held",
    });
    const { commandId } = await holder.call("command/start", { sessionId, argv, lease });
    await until(
      "it to run",
      async () => (await other.call("command/get", { commandId })).status === "running",
    );
    for (const signal of ["SIGTERM", "SIGKILL"] as const)
      await expect(other.call("command/signal", { commandId, signal })).rejects.toMatchObject({
        type: "lease_held",
      });
    const second = await other.call("session/claim", { sessionId, takeover: true });
    await expect(holder.call("command/signal", { commandId, lease })).rejects.toMatchObject({
      type: "lease_lost",
    });
    // Nothing of what was refused reached the process.
    expect((await other.call("command/get", { commandId })).status).toBe("running");
    await other.call("command/signal", { commandId, lease: second.lease });
    expect(await other.call("command/wait", { commandId })).toMatchObject({ status: "cancelled" });
  });
});

describe("a daemon that is gone", () => {
  it("B.3 kill -9: the lease is held, its epoch kept, and its holder takes it up again within the grace", async () => {
    const own = await daemonForTest({ config: { leases: { graceMs: 600_000 } } });
    const before = await own.peer();
    const sessionId = await create(before);
    const { lease } = await before.call("session/claim", { sessionId, holder: "ada" });
    await own.crash();
    const [holder, other] = [await own.peer(), await own.peer()];
    await expect(other.call("session/touch", { sessionId })).rejects.toMatchObject({
      type: "lease_held",
      details: { epoch: 1, holder: "ada" },
    });
    await holder.call("session/touch", { sessionId, lease });
    expect(await holder.call("session/claim", { sessionId, lease })).toMatchObject({ lease, epoch: 1 });
    const second = await other.call("session/claim", { sessionId, takeover: true });
    await holder.when("to be told", () => taken(holder).length > 0);
    await own.crash();
    const last = await own.peer();
    const touch = (shown: string) => last.call("session/touch", { sessionId, lease: shown });
    await expect(touch(lease)).rejects.toMatchObject({ type: "lease_lost" });
    await touch(second.lease);
  });

  it("B.3 kill -9: a lease that nobody takes up again ends, and the epoch goes on from it", async () => {
    const own = await daemonForTest({ config: { leases: { graceMs: 600_000 } } });
    const before = await own.peer();
    const sessionId = await create(before);
    const { lease } = await before.call("session/claim", { sessionId });
    await own.crash({ leases: { graceMs: 0 } });
    const peer = await own.peer();
    await whenFree(peer, sessionId);
    await own.crash();
    const after = await own.peer();
    await expect(after.call("session/claim", { sessionId, lease })).rejects.toMatchObject({
      type: "lease_lost",
    });
    expect((await after.call("session/claim", { sessionId })).epoch).toBe(2);
  });
});
