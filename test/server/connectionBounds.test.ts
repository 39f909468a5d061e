import { once } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";

import { Held, nextTurn, request, requests, Served, until } from "./served.js";
import type { Client, ServedOptions } from "./served.js";

const MIB = 1_048_576;
/** What a Unix socket may hold in the kernel, generously. */
const KERNEL_BYTES = MIB;

describe("serveConnection, in its bounds,", () => {
  let served: Served;

  afterEach(async () => {
    await served.close();
  });

  /** A pair, and another client to see that others are answered meanwhile. */
  async function pairAndOther(options: ServedOptions) {
    served = await Served.open(options);
    const pair = await served.connect();
    const { client: other } = await served.connect();
    return { ...pair, other };
  }

  async function roundTrips(client: Client, count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      const next = client.messages.length + 1;
      client.send(request(next, "echo"));
      await client.received(next);
    }
  }

  it("survives a line of 64 MiB without an end", async () => {
    const { client, other } = await pairAndOther({});
    const chunk = Buffer.alloc(MIB, "x");
    for (let sent = 0; sent < 64; sent++) {
      if (!client.socket.write(chunk)) await once(client.socket, "drain");
      if (sent === 32) await roundTrips(other, 1);
    }
    expect(await client.received(1)).toMatchObject([
      { id: null, error: { data: { limit: "messageBytes" } } },
    ]);
    client.send(`\n${request(1, "echo")}`);
    expect(await client.received(2)).toHaveLength(2);
  });

  it("begins no more requests than may be in flight; a batch counts its members", async () => {
    const held = new Held();
    const { client, stream, other } = await pairAndOther({
      limits: { inFlightPerConnection: 3 },
      methods: { held: held.method },
    });
    client.send(`${request(0, "held")}[${request(1, "held").trim()},${request(2, "held").trim()}]\n`);
    client.send(requests(3, 12, "held"));
    await until(() => stream.isPaused());
    await roundTrips(other, 3);
    expect(held.calls).toBe(3);
    // The batch is answered when both are done; only then its two places are free.
    held.release(1);
    await roundTrips(other, 3);
    expect(held.calls).toBe(3);
    held.release(2);
    await until(() => held.calls === 5);
    expect(await client.received(1)).toEqual([
      [expect.objectContaining({ id: 1 }), expect.objectContaining({ id: 2 })],
    ]);
    for (let place = 0; place < 13; place++) {
      await until(() => held.calls > place);
      held.release(place);
    }
    await client.received(12);
    expect(stream.isPaused()).toBe(false);
  });

  it("reads nothing more from a peer that never reads", async () => {
    const answerBytes = 65_536;
    const answer = "x".repeat(answerBytes);
    const big = vi.fn(() => answer);
    const { client, stream, other } = await pairAndOther({ limits: { queueBytes: MIB }, methods: { big } });
    client.socket.pause();
    client.send(requests(1, 20_000, "big"));
    await until(() => stream.isPaused());
    for (let before = -1; before !== big.mock.calls.length;) {
      before = big.mock.calls.length;
      await roundTrips(other, 50);
    }
    expect(big.mock.calls.length * answerBytes).toBeLessThan(MIB + 2 * answerBytes + KERNEL_BYTES);
    // Requests that were read and not decoded: what the stream itself reads ahead.
    expect(stream.readableLength).toBeLessThanOrEqual(2 * 65_536);

    // It is served again as soon as it reads.
    let receivedBytes = 0;
    client.socket.removeAllListeners("data");
    client.socket.on("data", (text: string) => {
      receivedBytes += text.length;
    });
    client.socket.resume();
    await until(() => receivedBytes > 200 * answerBytes);
  });

  it("takes notifications up to the bound, refuses them over it, and tells when there is room", async () => {
    const { client, connection, stream } = await pairAndOther({ limits: { queueBytes: 100_000 } });
    client.socket.pause();
    // 10,000 bytes of 5,000 letters: bytes are what counts.
    const line = JSON.stringify({ jsonrpc: "2.0", method: "event", params: "ä".repeat(5_000) });
    let taken = 0;
    // The kernel takes some of it, so that several turns pass until the queue stays full.
    for (let refused = 0; refused < 20; await nextTurn()) {
      if (!connection.notify(line)) refused += 1;
      else [taken, refused] = [taken + 1, 0];
    }
    expect(taken * 10_000).toBeGreaterThanOrEqual(100_000);
    expect(taken * 10_000).toBeLessThan(100_000 + 10_000 + KERNEL_BYTES);
    expect(stream.writableLength).toBeLessThan(100_000 + 2 * 10_000);
    // Its requests wait, too.
    client.send(request(1, "echo"));
    await until(() => stream.isPaused());

    const writable = vi.fn();
    connection.onceWritable(writable);
    await nextTurn();
    expect(writable).not.toHaveBeenCalled();
    client.socket.resume();
    await until(() => writable.mock.calls.length > 0);
    expect(connection.notify(line)).toBe(true);
    const messages = await client.received(taken + 2);
    expect(messages.filter(({ method }) => method === "event")).toHaveLength(taken + 1);
    expect(messages.filter(({ id }) => id === 1)).toHaveLength(1);
    expect(writable).toHaveBeenCalledOnce();
  });

  it("takes no more than the bound in one turn either", async () => {
    const { connection } = await pairAndOther({ limits: { queueBytes: 1_000 } });
    const line = "x".repeat(99);
    let taken = 0;
    while (connection.notify(line)) taken += 1;
    expect(taken).toBe(10);
  });

  it("calls onceWritable in a later turn where there is room already", async () => {
    const { connection } = await pairAndOther({});
    const writable = vi.fn();
    connection.onceWritable(writable);
    expect(writable).not.toHaveBeenCalled();
    await nextTurn();
    expect(writable).toHaveBeenCalledOnce();
  });
});
