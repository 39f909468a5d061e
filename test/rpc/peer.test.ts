import { JSONRPCServer } from "json-rpc-2.0";
import { describe, expect, it, vi } from "vitest";

import { errorObject, RefusalError } from "../../src/protocol/errors.js";
import type { Refusal } from "../../src/protocol/errors.js";
import { ServerPeer } from "../../src/rpc/peer.js";

/** A peer with the protocol's own errors and one method of the test's. */
function peerOf(
  method: (params: unknown) => unknown,
  onInternalError: (error: unknown, method: string) => void = vi.fn(),
  limits = { batchLength: 3, queueBytes: 100 },
) {
  return new ServerPeer<null>({
    dispatch: (_name, params) => method(params),
    errorObject,
    limits,
    onInternalError,
  });
}

const CALL = '{"jsonrpc":"2.0","id":1,"method":"m"}';
const parsed = async (answer: string | undefined | Promise<string | undefined>) =>
  JSON.parse((await answer) ?? "null") as { id: unknown; result?: unknown; error?: unknown };

describe("ServerPeer", () => {
  it("answers a synchronous handler in the same turn", () => {
    expect(peerOf(() => 7).receive(CALL, null)).toBe('{"jsonrpc":"2.0","id":1,"result":7}');
    expect(peerOf(() => 7).receive(`[${CALL}]`, null)).toBe('[{"jsonrpc":"2.0","id":1,"result":7}]');
  });

  it("goes through json-rpc-2.0", () => {
    const receive = vi.spyOn(JSONRPCServer.prototype, "receive");
    try {
      void peerOf(() => 7).receive(CALL, null);
      expect(receive).toHaveBeenCalledOnce();
    } finally {
      receive.mockRestore();
    }
  });

  it("tells how many requests a promise waits for", () => {
    const onOpen = vi.fn();
    const peer = peerOf((params) => (params === undefined ? 1 : Promise.resolve(1)));
    const open = '{"jsonrpc":"2.0","id":1,"method":"m","params":{}}';
    expect(peer.receive(CALL, null, onOpen)).toBeTypeOf("string");
    expect(peer.receive(`[${CALL}]`, null, onOpen)).toBeTypeOf("string");
    expect(onOpen).not.toHaveBeenCalled();
    expect(peer.receive(open, null, onOpen)).toBeInstanceOf(Promise);
    expect(peer.receive(`[${open},${CALL},${open}]`, null, onOpen)).toBeInstanceOf(Promise);
    expect(onOpen.mock.calls).toEqual([[1], [2]]);
  });

  it.each([
    [
      "thrown",
      () => {
        throw new RefusalError({ type: "session_not_found", message: "no", hint: "list", details: { a: 1 } });
      },
    ],
    [
      "rejected",
      () =>
        Promise.reject(
          new RefusalError({ type: "session_not_found", message: "no", hint: "list", details: { a: 1 } }),
        ),
    ],
  ])("answers a refusal that was %s", async (_, method) => {
    const onInternalError = vi.fn();
    expect(await parsed(peerOf(method, onInternalError).receive(CALL, null))).toEqual({
      jsonrpc: "2.0",
      id: 1,
      error: { code: -32001, message: "no", data: { type: "session_not_found", hint: "list", a: 1 } },
    });
    expect(onInternalError).not.toHaveBeenCalled();
  });

  const circular: { self?: unknown } = {};
  circular.self = circular;
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  it.each<[string, () => unknown, (error: unknown) => void]>([
    [
      "an error",
      () => {
        throw new Error("secret");
      },
      (error) => expect(error).toEqual(new Error("secret")),
    ],
    [
      "a rejection",
      () => Promise.reject(new Error("secret")),
      (error) => expect(error).toEqual(new Error("secret")),
    ],
    ["a rejection with nothing", () => Promise.reject(), (error) => expect(error).toBeUndefined()],
    ["a circular result", () => circular, (error) => expect(error).toBeInstanceOf(TypeError)],
    [
      "a later circular result",
      () => Promise.resolve(circular),
      (error) => expect(error).toBeInstanceOf(TypeError),
    ],
    ["a bigint", () => 1n, (error) => expect(error).toBeInstanceOf(TypeError)],
    ["a result too deep to write", () => deep, (error) => expect(error).toBeInstanceOf(RangeError)],
    [
      "a refusal that cannot be written",
      () => {
        throw new RefusalError({ type: "limit_reached", message: "secret", details: { big: 1n } });
      },
      (error) => expect(error).toBeInstanceOf(TypeError),
    ],
  ])("answers %s as an internal error that says nothing of the inside", async (_, method, check) => {
    const onInternalError = vi.fn();
    const answer = await parsed(peerOf(method, onInternalError).receive(CALL, null));
    expect(answer).toMatchObject({ id: 1, error: { code: -32603, data: { type: "internal_error" } } });
    expect(JSON.stringify(answer)).not.toContain("secret");
    expect(onInternalError).toHaveBeenCalledOnce();
    expect(onInternalError.mock.lastCall?.[1]).toBe("m");
    check(onInternalError.mock.lastCall?.[0]);
  });

  it("reports the fault of a notification's handler, and answers nothing", () => {
    const onInternalError = vi.fn();
    const peer = peerOf(() => {
      throw new Error("secret");
    }, onInternalError);
    expect(peer.receive('{"jsonrpc":"2.0","method":"m"}', null)).toBeUndefined();
    expect(onInternalError).toHaveBeenCalledOnce();
  });

  it("prints nothing to the console", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    try {
      await peerOf(() => Promise.reject(new Error("x"))).receive(CALL, null);
      expect(warn).not.toHaveBeenCalled();
    } finally {
      warn.mockRestore();
    }
  });

  it.each([
    ["undefined", undefined],
    ["a function", () => 1],
  ])("answers null for a result of %s", async (_, result) => {
    expect(await parsed(peerOf(() => result).receive(CALL, null))).toEqual({
      jsonrpc: "2.0",
      id: 1,
      result: null,
    });
  });

  it("refuses a batch over the limit as a whole, and names the limit", async () => {
    const method = vi.fn(() => 1);
    const peer = peerOf(method);
    expect(await parsed(peer.receive(`[${CALL},${CALL},${CALL}]`, null))).toHaveLength(3);
    expect(await parsed(peer.receive(`[${CALL},${CALL},${CALL},${CALL}]`, null))).toMatchObject({
      id: null,
      error: {
        code: -32600,
        message: expect.stringContaining("at most 3") as string,
        data: { limit: "batchLength" },
      },
    });
    expect(method).toHaveBeenCalledTimes(3);
  });

  it("carries out no more of a batch whose answers outgrew the queue", async () => {
    const method = vi.fn(() => "x".repeat(100));
    const answer = await parsed(peerOf(method).receive(`[${CALL},${CALL}]`, null));
    expect(answer).toMatchObject([
      { result: "x".repeat(100) },
      { id: 1, error: { data: { type: "limit_reached", limit: "queueBytes" } } },
    ]);
    expect(method).toHaveBeenCalledOnce();
  });

  describe("with a batch of members that wait", () => {
    const LIMITS = { batchLength: 100, queueBytes: 10_000 };
    const batch = (length: number): string =>
      JSON.stringify(
        Array.from({ length }, (_, id) => ({ jsonrpc: "2.0", id, method: "m", params: { id } })),
      );
    /** A peer whose calls wait until they are let go. */
    function held() {
      const letGo: ((text: string) => void)[] = [];
      const peer = peerOf(() => new Promise((resolve) => letGo.push(resolve)), vi.fn(), LIMITS);
      return { peer, letGo };
    }
    const answersOf = async (answer: Parameters<typeof parsed>[0]) =>
      (await parsed(answer)) as unknown as {
        id: number;
        result?: string;
        error?: { message: string; data: { type: string; limit: string } };
      }[];

    it("begins the next when one is answered, tells of all, and answers in their order", async () => {
      const { peer, letGo } = held();
      const onOpen = vi.fn();
      const answer = peer.receive(batch(20), null, onOpen);
      expect(onOpen.mock.calls).toEqual([[20]]);
      expect(letGo).toHaveLength(16);
      letGo[15]?.("15");
      await vi.waitFor(() => expect(letGo).toHaveLength(17));
      for (let place = 19; place >= 0; place -= 1) {
        await vi.waitFor(() => expect(letGo.length).toBeGreaterThan(Math.min(place, 16)));
        letGo[place]?.(`${place}`);
      }
      await vi.waitFor(() => expect(letGo).toHaveLength(20));
      for (const [place, go] of letGo.entries()) go(`${place}`);
      expect((await answersOf(answer)).map(({ id, result }) => `${id} ${result}`)).toEqual(
        Array.from({ length: 20 }, (_, id) => `${id} ${id}`),
      );
    });

    it("leaves out what no longer fits, and begins nothing more", async () => {
      const { peer, letGo } = held();
      const answer = peer.receive(batch(100), null);
      for (const [place, go] of letGo.entries()) go(place === 15 ? "short" : "x".repeat(12_000));
      const answers = await answersOf(answer);
      expect(letGo).toHaveLength(16);
      expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, id) => id));
      expect(answers[0]?.result).toHaveLength(12_000);
      expect(answers[15]).toMatchObject({ result: "short" });
      for (const [id, { error }] of answers.entries()) {
        if (id === 0 || id === 15) continue;
        expect(error?.data).toMatchObject({ type: "limit_reached", limit: "queueBytes" });
        const words = id < 16 ? "was carried out, and its answer is left out" : "was not carried out";
        expect(error?.message, `${id}`).toContain(words);
      }
    });

    it("answers even where the text would be longer than any can be", async () => {
      const onInternalError = vi.fn();
      const peer = peerOf(() => Promise.resolve(1), onInternalError);
      const tooLong = new RangeError("Invalid string length");
      const join = vi.spyOn(Array.prototype, "join").mockImplementation(() => {
        throw tooLong;
      });
      const answer = await Promise.resolve(peer.receive(`[${CALL}]`, null)).finally(() => join.mockRestore());
      expect(await parsed(answer)).toMatchObject({ id: null, error: { data: { type: "internal_error" } } });
      expect(onInternalError).toHaveBeenCalledWith(tooLong, "a batch");
    });
  });

  it("refuses everything in a message when told to", () => {
    const method = vi.fn();
    const peer = peerOf(method);
    const refusal: Refusal = { type: "shutting_down", message: "bye" };
    const error = errorObject(refusal);
    const notification = '{"jsonrpc":"2.0","method":"m"}';
    expect(JSON.parse(peer.refuse(CALL, refusal) ?? "")).toEqual({ jsonrpc: "2.0", id: 1, error });
    expect(JSON.parse(peer.refuse(`[${CALL},${notification}]`, refusal) ?? "")).toEqual([
      { jsonrpc: "2.0", id: 1, error },
    ]);
    expect(peer.refuse(notification, refusal)).toBeUndefined();
    expect(method).not.toHaveBeenCalled();
  });

  it("says what an error line was about", () => {
    expect(JSON.parse(peerOf(() => 1).errorLine({ type: "parse_error", message: "no" }))).toEqual({
      jsonrpc: "2.0",
      id: null,
      error: { code: -32700, message: "no", data: { type: "parse_error" } },
    });
  });
});
