import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { Held, nextTurn, request, requests, Served, until } from "./served.js";
import type { Pair, ServedOptions } from "./served.js";

describe("serveConnection", () => {
  let served: Served | undefined;

  afterEach(async () => {
    await served?.close();
    served = undefined;
  });

  async function pair(options: ServedOptions = {}): Promise<Pair> {
    served = await Served.open(options);
    return served.connect();
  }

  it("answers synchronous and asynchronous calls, batches, and nothing to notifications", async () => {
    const { client } = await pair();
    client.send('{"jsonrpc":"2.0","id":1,"method":"later","params":{"a":"ä"}}\n');
    client.send('{"jsonrpc":"2.0","method":"later"}\r\n\r\n');
    client.send(`[${request(2, "echo").trim()},${request(3, "later").trim()}]\n`);
    client.send(request(4, "echo"));
    const answers = await client.received(3);
    expect(answers).toHaveLength(3);
    expect(answers).toContainEqual({ jsonrpc: "2.0", id: 1, result: { a: "ä" } });
    expect(answers).toContainEqual({ jsonrpc: "2.0", id: 4, result: {} });
    expect(answers).toContainEqual([
      { jsonrpc: "2.0", id: 2, result: {} },
      { jsonrpc: "2.0", id: 3, result: {} },
    ]);
  });

  it("gives every connection an id of its own", async () => {
    const { connection } = await pair();
    const other = await served?.connect();
    expect(other?.connection.connectionId).not.toBe(connection.connectionId);
  });

  it("joins what is written in one turn into one write", async () => {
    // No slice is over before its work is: on a busy machine ten milliseconds may pass in the midst of it.
    const clock = vi.spyOn(performance, "now").mockReturnValue(0);
    onTestFinished(() => clock.mockRestore());
    let release: (() => void) | undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { client, stream } = await pair({ methods: { held: () => released } });
    const write = vi.spyOn(stream, "write");
    client.send(requests(1, 50, "echo"));
    await client.received(50);
    expect(write).toHaveBeenCalledTimes(1);
    client.send(requests(51, 100, "held") + request(101, "echo"));
    await client.received(51);
    release?.();
    await client.received(101);
    expect(write).toHaveBeenCalledTimes(3);
  });

  it("answers faulty frames and lives on", async () => {
    const { client } = await pair({ limits: { messageBytes: 100 } });
    client.send(`${"x".repeat(101)}\n`);
    client.send(Buffer.from([0x22, 0xff, 0x22, 0x0a]));
    client.send(`{\n${request(1, "echo")}`);
    const answers = await client.received(4);
    const hint = expect.any(String) as string;
    expect(answers.map(({ error }) => error?.data)).toEqual([
      { type: "invalid_request", hint, limit: "messageBytes" },
      { type: "parse_error", hint },
      { type: "parse_error", hint },
      undefined,
    ]);
  });

  it("answers everything to a peer that ends its side, then closes", async () => {
    const held = new Held();
    const limits = { inFlightPerConnection: 1 };
    const { client, connection } = await pair({ limits, methods: { held: held.method } });
    const closed = vi.fn();
    connection.onClose(closed);
    // The last line has no newline: `printf` without one is an easy mistake.
    client.socket.end(requests(1, 2, "held") + request(3, "echo").trim());
    for (let place = 0; place < 2; place++) {
      await until(() => held.calls > place);
      expect(client.ended).toBe(false);
      held.release(place);
    }
    await until(() => client.ended);
    expect(client.messages.map(({ id }) => id)).toEqual([1, 2, 3]);
    await until(() => connection.closed);
    expect(closed).toHaveBeenCalledOnce();
  });

  it("notices that a peer is gone which waited for an answer", async () => {
    const held = new Held();
    const { client, connection } = await pair({ methods: { held: held.method } });
    client.send(request(1, "held"));
    await until(() => held.calls === 1);
    client.socket.destroy();
    await until(() => connection.closed);
    held.release(0);
  });

  it("closes when a peer ends its side without a word", async () => {
    const { client } = await pair();
    client.socket.end();
    await until(() => client.ended);
    expect(client.messages).toEqual([]);
  });

  it("says quietly that a peer broke off in the middle, and tells who listens", async () => {
    const held = new Held("x".repeat(1_000_000));
    const { client, connection, stream } = await pair({ methods: { held: held.method } });
    const closed = vi.fn();
    connection.onClose(closed);
    client.socket.pause();
    client.send(requests(1, 2, "held"));
    await until(() => held.calls === 2);
    held.release(0);
    await until(() => stream.writableLength > 0);
    client.socket.destroy();
    await until(() => connection.closed);
    expect(closed).toHaveBeenCalledOnce();
    expect(served?.logged).toMatchObject([
      { fields: { connectionId: connection.connectionId }, message: "the connection broke" },
    ]);

    // What was in flight comes to nothing, and so does everything else that is tried.
    const [writable, late] = [vi.fn(), vi.fn()];
    held.release(1);
    connection.onceWritable(writable);
    await nextTurn();
    expect(writable).not.toHaveBeenCalled();
    expect(connection.notify("x")).toBe(false);
    connection.onClose(late);
    expect(late).toHaveBeenCalledOnce();
    connection.close();
  });

  it("closes in order: what is in flight is answered, what comes later is not begun", async () => {
    const held = new Held();
    const limits = { inFlightPerConnection: 1 };
    const { client, connection } = await pair({ limits, methods: { held: held.method } });
    client.send(requests(1, 2, "held"));
    await until(() => held.calls === 1);
    connection.close();
    client.send(request(3, "held"));
    expect(connection.notify('{"jsonrpc":"2.0","method":"last"}')).toBe(true);
    held.release(0);
    await until(() => client.ended);
    expect(client.messages).toMatchObject([{ method: "last" }, { id: 1 }]);
    expect(held.calls).toBe(1);
    expect(connection.notify("x")).toBe(false);
    expect(connection.closed).toBe(false);
    // The peer is still read, though not heard, so that the end of its side arrives.
    client.socket.end(Buffer.alloc(300_000, request(4, "held")));
    await until(() => connection.closed);
    expect(held.calls).toBe(1);
  });

  it("can be closed by one of its own handlers, which is still answered", async () => {
    const { client } = await pair({
      methods: {
        bye: (_, connection) => {
          connection.close();
          return "bye";
        },
      },
    });
    client.send(request(1, "bye") + request(2, "echo"));
    await until(() => client.ended);
    expect(client.messages).toMatchObject([{ id: 1, result: "bye" }]);
  });

  it("refuses requests while draining", async () => {
    let draining = false;
    const { client } = await pair({ draining: () => draining });
    client.send(request(1, "echo"));
    await client.received(1);
    draining = true;
    client.send(request(2, "echo"));
    expect(await client.received(2)).toMatchObject([
      { id: 1 },
      { id: 2, error: { data: { type: "shutting_down" } } },
    ]);
  });
});
