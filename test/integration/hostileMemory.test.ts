import { once } from "node:events";
import { describe, expect, it } from "vitest";

import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import { rssBytes } from "../support/memory.js";
import type { Peer } from "../support/peer.js";
import { passing } from "../support/until.js";

const MIB = 1_024 * 1_024;

/** Does some work before anything is measured: what is loaded and compiled later would look like growth. */
async function warmUp(peer: Peer): Promise<string> {
  const { sessionId } = await peer.call("session/create");
  const calls = Array.from({ length: 300 }, (_, index) => [
    peer.call("session/record", { sessionId, action: "warm", details: { index } }),
    peer.call("session/list", { limit: 1 }),
    peer.call("rpc.discover"),
  ]);
  await Promise.all(calls.flat());
  return sessionId;
}

/** Runs `work`, and answers by how many bytes the daemon was larger at most; others are answered meanwhile. */
async function growthDuring(daemon: TestDaemon, peer: Peer, work: () => Promise<void>): Promise<number> {
  const { pid } = daemon.process;
  const before = await rssBytes(pid);
  let most = before;
  const load = { isOver: false };
  let answered = 0;
  const watching = (async () => {
    while (!load.isOver) {
      await peer.call("daemon/ping");
      answered += 1;
      most = Math.max(most, await rssBytes(pid));
      await passing(5);
    }
  })();
  await work();
  load.isOver = true;
  await watching;
  expect(answered).toBeGreaterThan(0);
  return most - before;
}

describe("memory, whatever a peer does", () => {
  it("S1.9 a line without an end is told to be too long, and is not kept", async () => {
    const daemon = await daemonForTest();
    const [peer, hostile] = [await daemon.peer(), await daemon.peer()];
    await warmUp(peer);
    const chunk = Buffer.alloc(MIB, "a");
    const growth = await growthDuring(daemon, peer, async () => {
      for (let index = 0; index < 64; index += 1) {
        if (!hostile.socket.write(chunk)) await once(hostile.socket, "drain");
      }
      // It is told as soon as it is over the limit, and not at its end.
      await hostile.when("the refusal", () => hostile.others.length > 0);
    });
    expect(hostile.others).toMatchObject([
      { id: null, error: { data: { type: "invalid_request", limit: "messageBytes" } } },
    ]);
    hostile.write("\n");
    expect(await hostile.call("daemon/ping")).toMatchObject({ pong: true });
    expect(hostile.others).toHaveLength(1);
    expect(growth).toBeLessThan(48 * MIB);
  });

  it("S1.9 a peer that never reads its answers is not read from any more", async () => {
    const daemon = await daemonForTest();
    const [peer, hostile] = [await daemon.peer(), await daemon.peer()];
    await warmUp(peer);
    hostile.socket.pause();
    const request = `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "rpc.discover" })}\n`;
    const requests = Buffer.from(request.repeat(2_000));
    const growth = await growthDuring(daemon, peer, async () => {
      // 40,000 answers would be more than a gigabyte.
      for (let index = 0; index < 20; index += 1) hostile.socket.write(requests);
      for (let index = 0; index < 100; index += 1) await peer.call("rpc.discover");
    });
    // Most of what it asked for was never read.
    expect(hostile.socket.writableLength).toBeGreaterThan(10 * requests.length);
    expect(growth).toBeLessThan(96 * MIB);
  });

  it("S1.9 a subscriber that never reads costs nothing, however much happens", async () => {
    const daemon = await daemonForTest({ config: { sessions: { autoSaveIntervalMs: 100 } } });
    const peer = await daemon.peer();
    const sessionId = await warmUp(peer);
    const deaf = await Promise.all(Array.from({ length: 10 }, () => daemon.peer()));
    for (const one of deaf) {
      await one.call("event/subscribe", { sinceSeq: 0 });
      one.socket.pause();
    }
    const details = "x".repeat(60_000);
    const growth = await growthDuring(daemon, peer, async () => {
      for (let index = 0; index < 50; index += 1) {
        const record = () => peer.call("session/record", { sessionId, action: "x", details });
        await Promise.all(Array.from({ length: 10 }, record));
      }
    });
    expect(growth).toBeLessThan(160 * MIB);
    expect((await peer.call("daemon/status")).subscriptions).toBe(10);
  });

  it("S1.9 messages as long as they may be, many at once, are answered, and then forgotten", async () => {
    const daemon = await daemonForTest();
    const [peer, hostile] = [await daemon.peer(), await daemon.peer()];
    await warmUp(peer);
    const line = (bytes: number): Buffer => {
      const head = '{"jsonrpc":"2.0","id":7,"method":"session/list","params":{"query":"';
      return Buffer.from(`${head}${"x".repeat(bytes - head.length - 3)}"}}\n`);
    };
    hostile.check.sent('{"jsonrpc":"2.0","id":7,"method":"session/list"}');
    hostile.socket.write(line(4 * MIB + 1));
    const first = await hostile.when("the refusal", () => hostile.others[0]);
    expect(first).toMatchObject({ error: { data: { type: "invalid_request", limit: "messageBytes" } } });
    const most = line(4 * MIB);
    const growth = await growthDuring(daemon, peer, async () => {
      for (let index = 0; index < 20; index += 1) hostile.socket.write(most);
      await hostile.when("all answers", () => hostile.others.length === 21);
    });
    expect(hostile.others.slice(1).every(({ error }) => error?.code === -32602)).toBe(true);
    expect(growth).toBeLessThan(160 * MIB);
  });
});
