import { afterEach, describe, expect, it, vi } from "vitest";

import type { Client, ConnectOptions } from "../../client/index.js";
import {
  connect,
  ConnectionLostError,
  NotRunningError,
  SessiondError,
  TooManyCallsError,
} from "../../client/index.js";
import { eventually } from "./eventually.js";
import type { Script } from "./scriptedDaemon.js";
import { refusal, ScriptedDaemon, SILENCE } from "./scriptedDaemon.js";

const RETRY = { initialIntervalMs: 1, maximumIntervalMs: 5, jitter: 0 };

let daemon: ScriptedDaemon;
let client: Client | undefined;

async function start(scripts: Record<string, Script> = {}, options: ConnectOptions = {}): Promise<Client> {
  daemon = await ScriptedDaemon.start(scripts);
  client = await connect({ socket: daemon.socket, retry: RETRY, ...options });
  return client;
}

afterEach(async () => {
  await client?.close();
  client = undefined;
  await daemon.stop();
});

/** A script that breaks the connection `times` times before it answers. */
function breaking(times: number, answer: unknown): Script {
  let broken = 0;
  return ({ peer }) => {
    if (broken++ >= times) return answer;
    peer.drop();
    return SILENCE;
  };
}

describe("a call", () => {
  it("answers the result, by name and by property", async () => {
    const client = await start({ "session/get": ({ params }) => ({ sessionId: params["sessionId"] }) });
    await expect(client.call("session/get", { sessionId: "a" })).resolves.toEqual({ sessionId: "a" });
    await expect(client.session.get({ sessionId: "b" })).resolves.toEqual({ sessionId: "b" });
    await expect(client.daemon.ping()).resolves.toEqual({ pong: true, at: "" });
    expect(daemon.of("daemon/ping")[0]?.params).toEqual({});
  });

  it("rejects with what the daemon refused", async () => {
    const client = await start({
      "session/get": () => {
        throw refusal("session_not_found", { hint: "list them" });
      },
    });
    const error = await client.session.get({ sessionId: "a" }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(SessiondError);
    expect(error).toMatchObject({ type: "session_not_found", hint: "list them" });
  });

  it("takes symbols and the names that the language reads for no methods", async () => {
    const { session } = await start();
    const raw = session as unknown as Record<string | symbol, unknown>;
    expect(raw["then"]).toBeUndefined();
    expect(raw["toJSON"]).toBeUndefined();
    expect(raw[Symbol.iterator]).toBeUndefined();
    expect(raw["valueOf"]).toBeTypeOf("function");
    await expect(Promise.resolve(session)).resolves.toBe(session);
  });

  it("greets the daemon on each connection, with its name", async () => {
    const client = await start({}, { name: "test" });
    daemon.drop();
    await client.daemon.ping();
    const hello = { protocolVersion: 1, client: { name: "test" } };
    expect(daemon.of("daemon/hello").map((call) => call.params)).toEqual([hello, hello]);
  });

  it("stops waiting when its signal is aborted", async () => {
    const client = await start({ "command/wait": () => SILENCE });
    const abort = new AbortController();
    const waiting = client.command.wait({ commandId: "c" }, { signal: abort.signal });
    await eventually(() => expect(daemon.of("command/wait")).toHaveLength(1));
    abort.abort();
    await expect(waiting).rejects.toThrow("aborted");
    await expect(client.daemon.ping({}, { signal: abort.signal })).rejects.toThrow("aborted");
    expect(daemon.of("daemon/ping")).toHaveLength(0);
  });

  it("is refused here when it is longer than the daemon reads, and the others go on", async () => {
    const client = await start({ "command/wait": () => ({ status: "succeeded" }) });
    const waiting = client.command.wait({ commandId: "c" });
    const tooLong = client.session.create({ description: "x".repeat(100_000) });
    await expect(tooLong).rejects.toMatchObject({
      type: "limit_reached",
      details: { limit: "messageBytes" },
    });
    await expect(waiting).resolves.toMatchObject({ status: "succeeded" });
    expect(daemon.of("session/create")).toHaveLength(0);
  });

  it("is not sent when too many wait already", async () => {
    const client = await start({ "command/wait": () => SILENCE }, { maxOutstandingCalls: 2 });
    const abort = new AbortController();
    const waiting = [1, 2].map(() => client.command.wait({ commandId: "c" }, { signal: abort.signal }));
    const error = await client.daemon.ping().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TooManyCallsError);
    expect(error).toMatchObject({ limit: 2, message: expect.stringContaining("daemon/ping") as string });
    // A call that nobody waits for is still under way.
    abort.abort();
    await Promise.allSettled(waiting);
    await expect(client.daemon.ping()).rejects.toThrow(TooManyCallsError);
  });
});

describe("a call whose connection breaks", () => {
  it("is sent again with the same key if it is a write", async () => {
    const client = await start({ "session/create": breaking(2, { sessionId: "a" }) });
    await expect(client.session.create({ name: "task" })).resolves.toEqual({ sessionId: "a" });
    const keys = daemon.of("session/create").map((call) => call.params["idempotencyKey"]);
    expect(keys).toHaveLength(3);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Set(keys).size).toBe(1);
  });

  it("keeps the caller's key, and gives each call its own", async () => {
    const client = await start({ "session/create": breaking(1, {}) });
    await client.session.create({ idempotencyKey: "mine" });
    await client.session.create({ idempotencyKey: undefined });
    await client.session.create();
    const keys = daemon.of("session/create").map((call) => call.params["idempotencyKey"]);
    expect(keys.slice(0, 2)).toEqual(["mine", "mine"]);
    expect(new Set(keys).size).toBe(3);
  });

  it("is sent again without a key if it is a read", async () => {
    const client = await start({ "session/get": breaking(1, { sessionId: "a" }) });
    await client.session.get({ sessionId: "a" });
    expect(daemon.of("session/get").map((call) => call.params)).toEqual([
      { sessionId: "a" },
      { sessionId: "a" },
    ]);
  });

  it("is not sent again if it changes something and takes no key", async () => {
    const client = await start({ "daemon/shutdown": breaking(1, { stopping: true }) });
    const error = await client.daemon.shutdown().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ConnectionLostError);
    expect((error as Error).message).toContain("daemon/shutdown");
    expect(daemon.of("daemon/shutdown")).toHaveLength(1);
  });

  it("is not sent again if it makes a file, which would be refused for being there", async () => {
    const client = await start({ "session/export": breaking(1, {}) });
    const call = client.session.export({ sessionId: "s", path: "/tmp/file" });
    await expect(call).rejects.toBeInstanceOf(ConnectionLostError);
    expect(daemon.of("session/export")).toHaveLength(1);
  });

  it("is sent again when the daemon said that it is shutting down", async () => {
    let refusals = 0;
    const client = await start({
      "session/create": () => {
        if (refusals++ < 2) throw refusal("shutting_down");
        return { sessionId: "a" };
      },
    });
    await expect(client.session.create()).resolves.toEqual({ sessionId: "a" });
    expect(new Set(daemon.of("session/create").map((call) => call.params["idempotencyKey"])).size).toBe(1);
  });

  it("fails with that when the daemon says it for too long", async () => {
    const refuse = (): never => {
      throw refusal("shutting_down");
    };
    const client = await start({ "session/create": refuse }, { retry: { ...RETRY, totalMs: 20 } });
    await expect(client.session.create()).rejects.toMatchObject({ type: "shutting_down" });
  });

  it("waits for a daemon that is away, as do calls that are made meanwhile", async () => {
    const client = await start({ "session/create": breaking(1, {}) });
    await client.daemon.ping();
    await daemon.hush();
    const calls = [client.session.create(), client.daemon.ping()];
    await daemon.listen();
    await expect(Promise.all(calls)).resolves.toHaveLength(2);
    // One connection for both, besides the first and the one that the script broke.
    expect(daemon.of("daemon/hello")).toHaveLength(3);
  });

  it("is one of many that wait with one signal: nobody is warned of a leak", async () => {
    const client = await start();
    const warnings: Error[] = [];
    const listen = (warning: Error): number => warnings.push(warning);
    process.on("warning", listen);
    await daemon.hush();
    const { signal } = new AbortController();
    const calls = Array.from({ length: 20 }, () => client.daemon.ping({}, { signal }));
    await daemon.listen();
    await Promise.all(calls);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    expect(warnings).toEqual([]);
  });

  it("fails when the daemon does not come back in time", async () => {
    const client = await start({}, { retry: { ...RETRY, totalMs: 20 } });
    await daemon.hush();
    await expect(client.session.create()).rejects.toThrow(NotRunningError);
  });

  it("fails when it breaks again and again for longer than allowed", async () => {
    const script = breaking(Number.POSITIVE_INFINITY, {});
    const client = await start({ "session/create": script }, { retry: { ...RETRY, totalMs: 20 } });
    await expect(client.session.create()).rejects.toThrow("whether it was done is not known");
    expect(daemon.of("session/create").length).toBeGreaterThan(1);
  });

  it("is not sent again when the daemon may have forgotten the key", async () => {
    const now = vi.spyOn(Date, "now");
    const client = await start({
      "command/run": ({ peer }) => {
        now.mockReturnValue(Number.MAX_SAFE_INTEGER);
        peer.drop();
        return SILENCE;
      },
    });
    const running = client.command.run({ sessionId: "s", argv: ["sleep", "3601"] });
    await expect(running).rejects.toThrow(ConnectionLostError);
    expect(daemon.of("command/run")).toHaveLength(1);
    now.mockRestore();
  });

  it("gives up at once when another kind of daemon is there after the break", async () => {
    const client = await start();
    daemon.scripts["daemon/hello"] = () => {
      throw refusal("unsupported_protocol");
    };
    daemon.drop();
    await expect(client.daemon.ping()).rejects.toMatchObject({ type: "unsupported_protocol" });
  });
});
