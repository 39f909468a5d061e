import { afterEach, describe, expect, it, vi } from "vitest";

import { errorObject } from "../../src/protocol/errors.js";
import { CallTimeoutError } from "../../src/rpc/callTimeout.js";
import { ClientPeer } from "../../src/rpc/clientPeer.js";
import { SessiondError } from "../../src/rpc/remoteError.js";

function clientPeer() {
  const sent: string[] = [];
  const onNotification = vi.fn();
  const onFault = vi.fn();
  const peer = new ClientPeer({ send: (line) => sent.push(line), onNotification, onFault });
  return { peer, sent, onNotification, onFault };
}

/** The answer to the nth line that was sent. */
const answer = (id: number, rest: object) => JSON.stringify({ jsonrpc: "2.0", id, ...rest });

describe("ClientPeer", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("sends a call in the same turn and answers its result", async () => {
    const { peer, sent } = clientPeer();
    const first = peer.call("session/get", { sessionId: "a" });
    const second = peer.call("daemon/ping", {});
    expect(sent.map((line) => JSON.parse(line) as unknown)).toEqual([
      { jsonrpc: "2.0", id: 1, method: "session/get", params: { sessionId: "a" } },
      { jsonrpc: "2.0", id: 2, method: "daemon/ping", params: {} },
    ]);
    expect(peer.pending).toBe(2);
    peer.receive(answer(2, { result: null }));
    peer.receive(answer(1, { result: { name: "a" } }));
    await expect(first).resolves.toEqual({ name: "a" });
    await expect(second).resolves.toBeNull();
    expect(peer.pending).toBe(0);
  });

  it("takes answers in a batch", async () => {
    const { peer } = clientPeer();
    const both = Promise.all([peer.call("a", {}), peer.call("b", {})]);
    peer.receive(`[${answer(1, { result: 1 })},${answer(2, { result: 2 })}]`);
    await expect(both).resolves.toEqual([1, 2]);
  });

  it("rejects with what the daemon refused", async () => {
    const { peer } = clientPeer();
    const call = peer.call("a", {});
    const data = { type: "lease_held", hint: "wait", limit: "x" };
    peer.receive(answer(1, { error: { code: -32005, message: "no", data } }));
    const caught: unknown = await call.catch((reason: unknown) => reason);
    expect(caught).toBeInstanceOf(SessiondError);
    expect(caught).toMatchObject({
      message: "no",
      type: "lease_held",
      code: -32005,
      hint: "wait",
      details: { limit: "x" },
    });
    expect(peer.pending).toBe(0);
  });

  it.each([
    ["no data", { code: 1, message: "m" }],
    ["data of another kind", { code: 1, message: "m", data: "text" }],
    ["data null", { code: 1, message: "m", data: null }],
    ["a type of another kind", { code: 1, message: "m", data: { type: 5, hint: 5 } }],
  ])("takes an error with %s", async (_, error) => {
    const { peer } = clientPeer();
    const call = peer.call("a", {});
    peer.receive(answer(1, { error }));
    const caught: unknown = await call.catch((reason: unknown) => reason);
    expect(caught).toMatchObject({ name: "SessiondError", type: "unknown", code: 1, details: {} });
    expect(caught).not.toHaveProperty("hint");
  });

  it.each([[5], [{ message: "m" }], [{ code: 1 }], [null]])(
    "rejects an error of no shape: %j",
    async (error) => {
      const { peer } = clientPeer();
      const call = peer.call("a", {});
      peer.receive(answer(1, { error }));
      await expect(call).rejects.toThrow("no code and message");
    },
  );

  it("hands notifications on", () => {
    const { peer, onNotification } = clientPeer();
    peer.receive('{"jsonrpc":"2.0","method":"event","params":{"seq":1}}');
    peer.receive('{"jsonrpc":"2.0","method":"bare"}');
    expect(onNotification.mock.calls).toEqual([
      ["event", { seq: 1 }],
      ["bare", undefined],
    ]);
  });

  it("ignores an answer that nobody waits for", () => {
    const { peer, onFault } = clientPeer();
    peer.receive(answer(7, { result: 1 }));
    expect(onFault).not.toHaveBeenCalled();
  });

  it.each(["{", "1", "null", "[null]", '{"jsonrpc":"2.0"}', '{"jsonrpc":"2.0","id":null,"error":5}'])(
    "reports a line that is no answer: %s",
    (line) => {
      const { peer, onFault } = clientPeer();
      peer.receive(line);
      expect(onFault).toHaveBeenCalledExactlyOnceWith(expect.any(Error));
    },
  );

  it("reports what the daemon could not read", () => {
    const { peer, onFault } = clientPeer();
    const error = errorObject({ type: "parse_error", message: "The message is not JSON." });
    peer.receive(JSON.stringify({ jsonrpc: "2.0", id: null, error }));
    expect(onFault.mock.lastCall?.[0]).toMatchObject({ name: "SessiondError", type: "parse_error" });
  });

  it("rejects every open call with the very error it is given", async () => {
    const { peer } = clientPeer();
    const calls = [peer.call("a", {}), peer.call("b", {}, { timeoutMs: 1_000 })];
    const error = new Error("the connection is gone");
    peer.rejectAll(error);
    const settled = await Promise.allSettled(calls);
    expect(settled.map((one) => one.status === "rejected" && (one.reason as unknown) === error)).toEqual([
      true,
      true,
    ]);
    peer.receive(answer(1, { result: 1 }));
    expect(peer.pending).toBe(0);
  });

  it.each([
    ["an error", new Error("EPIPE"), "EPIPE"],
    ["something else", "text", "text"],
  ])("rejects when sending throws %s", async (_, thrown, message) => {
    const peer = new ClientPeer({
      send: () => {
        throw thrown;
      },
      onNotification: vi.fn(),
      onFault: vi.fn(),
    });
    await expect(peer.call("a", {})).rejects.toThrow(message);
    expect(peer.pending).toBe(0);
  });

  it("rejects a call whose answer does not come in time, and ignores the late one", async () => {
    vi.useFakeTimers();
    const { peer } = clientPeer();
    const call = peer.call("a", {}, { timeoutMs: 50 });
    const caught = call.catch((reason: unknown) => reason);
    await vi.advanceTimersByTimeAsync(49);
    expect(peer.pending).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await caught).toBeInstanceOf(CallTimeoutError);
    expect(await caught).toMatchObject({ method: "a", timeoutMs: 50 });
    peer.receive(answer(1, { result: 1 }));
    expect(peer.pending).toBe(0);
  });

  it("waits for ever where a timer could not hold the time", async () => {
    vi.useFakeTimers();
    const { peer } = clientPeer();
    const call = peer.call("a", {}, { timeoutMs: 2 ** 31 });
    expect(vi.getTimerCount()).toBe(0);
    peer.receive(answer(1, { result: 1 }));
    await expect(call).resolves.toBe(1);
  });

  it("leaves no timer behind", async () => {
    vi.useFakeTimers();
    const { peer } = clientPeer();
    const call = peer.call("a", {}, { timeoutMs: 50 });
    expect(vi.getTimerCount()).toBe(1);
    peer.receive(answer(1, { result: 1 }));
    await call;
    expect(vi.getTimerCount()).toBe(0);
  });
});
