import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { whenSnapshotted } from "../support/snapshot.js";
import { passing, until } from "../support/until.js";

const daemon = daemonForSuite();

let lastKey = 0;
function newKey(): string {
  lastKey += 1;
  return `key-${lastKey}`;
}

async function actionsOf(peer: Peer, sessionId: string): Promise<string[]> {
  const { items } = await peer.call("session/activities", { sessionId, order: "oldest" });
  return items.map((item) => ("action" in item ? item.action : "damaged"));
}

describe("idempotency keys", () => {
  it("B.9 a repeated call gets the first answer, and is done once", async () => {
    const peer = await daemon().peer();
    const create = { name: "once", metadata: { a: 1, b: 2 }, idempotencyKey: newKey() };
    const first = await peer.call("session/create", create);
    await peer.call("session/update", { sessionId: first.sessionId, name: "changed since" });
    expect(await peer.call("session/create", create)).toEqual(first);
    const { sessionId } = first;
    const record = { sessionId, action: "once", details: [1], idempotencyKey: newKey() };
    const recorded = await peer.call("session/record", record);
    const { idempotencyKey, details, action } = record;
    // The order in which the parameters are written means nothing.
    expect(await peer.call("session/record", { idempotencyKey, details, action, sessionId })).toEqual(
      recorded,
    );
    expect(await actionsOf(peer, sessionId)).toEqual(["once"]);
    const end = { sessionId, idempotencyKey: newKey() };
    const ended = await peer.call("session/end", end);
    expect(await peer.call("session/end", end)).toEqual(ended);
  });

  it("B.9 across a connection that breaks before the answer", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    for (let index = 0; index < 10; index += 1) {
      const params = { sessionId, action: `a${index}`, idempotencyKey: newKey() };
      const broken = await daemon().peer();
      const lost = broken.call("session/record", params).catch(() => undefined);
      // Sometimes the daemon has read it by then, sometimes not: it must not matter.
      broken.socket.destroySoon();
      const { seq } = await peer.call("session/record", params);
      expect(await peer.call("session/record", params)).toEqual({ seq });
      expect([undefined, seq]).toContain((await lost)?.seq);
    }
    expect(await actionsOf(peer, sessionId)).toEqual(Array.from({ length: 10 }, (_, index) => `a${index}`));
  });

  it("B.9 across kill -9 and a restart, also from a snapshot", async () => {
    const config = { journal: { minimumSnapshotBytes: 1_024, segmentBytes: 4_096, keepMs: 0, keepBytes: 0 } };
    const own = await daemonForTest({ config });
    let peer = await own.peer();
    const create = { idempotencyKey: newKey(), metadata: { filler: "x".repeat(3_000) } };
    const created = await peer.call("session/create", create);
    const { sessionId } = created;
    const record = { sessionId, action: "once", idempotencyKey: newKey() };
    const { seq } = await peer.call("session/record", record);
    const repeat = async (): Promise<void> => {
      peer = await own.peer();
      expect(await peer.call("session/create", create)).toEqual(created);
      expect(await peer.call("session/record", record)).toEqual({ seq });
      expect(await actionsOf(peer, sessionId)).toEqual(["once"]);
    };
    await own.crash();
    await repeat();
    await whenSnapshotted(peer);
    await own.crash();
    await repeat();
    await own.restart();
    await repeat();
  });

  it("B.9 a key that was used for another call is a conflict", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const idempotencyKey = newKey();
    await peer.call("session/record", { sessionId, action: "one", idempotencyKey });
    const others = [
      () => peer.call("session/record", { sessionId, action: "two", idempotencyKey }),
      () => peer.call("session/touch", { sessionId, idempotencyKey }),
      () => peer.call("command/start", { sessionId, argv: ["true"], idempotencyKey }),
    ];
    for (const other of others) await expect(other()).rejects.toMatchObject({ type: "idempotency_conflict" });
    expect(await actionsOf(peer, sessionId)).toEqual(["one"]);
  });

  it("B.9 a key in progress is joined, by whoever brings it", async () => {
    const peers = await Promise.all(Array.from({ length: 5 }, () => daemon().peer()));
    const [first] = peers as [Peer];
    const { sessionId } = await first.call("session/create");
    const record = { sessionId, action: "joined", idempotencyKey: newKey() };
    const answers = await Promise.all(
      peers.flatMap((peer) => [peer.call("session/record", record), peer.call("session/record", record)]),
    );
    expect(new Set(answers.map(({ seq }) => seq)).size).toBe(1);
    const create = { name: "joined", idempotencyKey: newKey() };
    const created = await Promise.all(peers.map((peer) => peer.call("session/create", create)));
    expect(new Set(created.map((session) => session.sessionId)).size).toBe(1);
    expect(await actionsOf(first, sessionId)).toEqual(["joined"]);
  });

  it("B.9 refusals are not remembered: the same call may work later", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    await peer.call("session/pause", { sessionId });
    const record = { sessionId, action: "later", idempotencyKey: newKey() };
    await expect(peer.call("session/record", record)).rejects.toMatchObject({ type: "session_not_active" });
    await peer.call("session/resume", { sessionId });
    const { seq } = await peer.call("session/record", record);
    expect(await peer.call("session/record", record)).toEqual({ seq });
  });

  it("B.9 the first answer is given also when what it is about is gone", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const record = { sessionId, action: "x", idempotencyKey: newKey() };
    const start = { sessionId, argv: ["true"], idempotencyKey: newKey() };
    const remove = { sessionId, idempotencyKey: newKey() };
    const recorded = await peer.call("session/record", record);
    const started = await peer.call("command/start", start);
    await peer.call("command/wait", { commandId: started.commandId });
    await peer.call("session/end", { sessionId });
    const removed = await peer.call("session/delete", remove);
    expect(await peer.call("session/record", record)).toEqual(recorded);
    expect(await peer.call("command/start", start)).toEqual(started);
    expect(await peer.call("session/delete", remove)).toEqual(removed);
  });

  it("B.9 keys are kept for a stated time and number; over it keyed writes are refused, no key is dropped", async () => {
    const own = await daemonForTest({ config: { idempotency: { keepMs: 2_000, maxKeys: 3 } } });
    const peer = await own.peer();
    expect((await peer.call("daemon/hello")).idempotency).toEqual({ keepMs: 2_000, maxKeys: 3 });
    const { sessionId } = await peer.call("session/create");
    const calls = Array.from({ length: 3 }, (_, index) => {
      return { sessionId, action: `a${index}`, idempotencyKey: newKey() };
    });
    const startedAtMs = Date.now();
    const answers: object[] = [];
    for (const call of calls) answers.push(await peer.call("session/record", call));
    const extra = { sessionId, action: "extra", idempotencyKey: newKey() };
    const refused = await peer.call("session/record", extra).catch((error: unknown) => error);
    const isInTime = Date.now() - startedAtMs < 2_000;
    if (isInTime) expect(refused).toMatchObject({ type: "limit_reached", details: { limit: "maxKeys" } });
    if (isInTime) expect(await peer.call("daemon/health")).toMatchObject({ status: "degraded" });
    await peer.call("session/record", { sessionId, action: "without a key" });
    await passing(2_100);
    // By now the key means nothing any more, so the call is a new one.
    const { seq } = await peer.call("session/record", calls[0] ?? extra);
    expect(answers).not.toContainEqual({ seq });
  });
});

describe("keyed commands", () => {
  it("B.9 command/run is keyed on acceptance: a repeated call waits for the one that runs", async () => {
    const [peer, other] = [await daemon().peer(), await daemon().peer()];
    const { sessionId } = await peer.call("session/create");
    const run = { sessionId, argv: ["sh", "-c", "echo once; read x"], stdin: "", idempotencyKey: newKey() };
    const slow = { ...run, argv: ["sh", "-c", "echo once; sleep 0.3"] };
    const broken = await daemon().peer();
    broken.call("command/run", slow).catch(() => undefined);
    await until("its start", async () => (await peer.call("command/list", { sessionId })).total === 1);
    broken.close();
    const [first, second] = await Promise.all([
      peer.call("command/run", slow),
      other.call("command/run", slow),
    ]);
    expect(first).toEqual(second);
    expect(first).toMatchObject({ status: "succeeded", attempt: 1, stdoutBytes: 5 });
    expect(await peer.call("command/run", slow)).toEqual(first);
    expect((await peer.call("command/list", { sessionId })).total).toBe(1);
    await expect(peer.call("command/run", run)).rejects.toMatchObject({ type: "idempotency_conflict" });
  });

  it("B.9 a command that kill -9 interrupted is not run again by its repeated call", async () => {
    let peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const gate = join(daemon().folder, "gate");
    const argv = ["sh", "-c", 'echo up; until [ -e "$0" ]; do sleep 0.01; done', gate];
    const run = { sessionId, argv, idempotencyKey: newKey() };
    const interrupted = peer.call("command/run", run).catch((error: unknown) => error);
    await until(
      "its start",
      async () => (await peer.call("command/list", { status: "running" })).total === 1,
    );
    await daemon().crash();
    expect(await interrupted).toMatchObject({ name: "PeerLostError" });
    peer = await daemon().peer();
    await writeFile(gate, "");
    // It goes on where it has a keeper, and else it is lost.
    const isKept = (await peer.call("daemon/status")).supervision !== "child";
    const ended = await peer.call("command/run", run);
    expect(ended).toMatchObject({ status: isKept ? "succeeded" : "lost" });
    const { output } = await peer.call("command/output", { commandId: ended.commandId });
    expect(output).toMatch(/^(?:up\n)?$/);
    expect((await peer.call("command/list", { sessionId })).total).toBe(1);
  });

  it("B.9 a signal that is repeated is sent once", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const script = "trap 'echo hit' HUP; trap 'echo bye; exit' USR1; echo up; while :; do sleep 0.02; done";
    const { commandId } = await peer.call("command/start", { sessionId, argv: ["sh", "-c", script] });
    await peer.call("command/output", { commandId, follow: true });
    const signal = { commandId, signal: "SIGHUP" as const, idempotencyKey: newKey() };
    const first = await peer.call("command/signal", signal);
    expect(await peer.call("command/signal", signal)).toEqual(first);
    const hits = async (): Promise<number> =>
      (await peer.call("command/output", { commandId })).output.split("hit").length - 1;
    await until("the hit", async () => (await hits()) === 1);
    expect(await peer.call("command/signal", signal)).toEqual(first);
    // A second one would be told of before the last word.
    await peer.call("command/signal", { commandId, signal: "SIGUSR1" });
    await peer.call("command/wait", { commandId });
    expect((await peer.call("command/output", { commandId })).output).toBe("up\nhit\nbye\n");
  });
});
