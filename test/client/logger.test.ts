import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";

import type { Call } from "../../client/callTypes.js";
import {
  ClientClosedError,
  ConnectionLostError,
  NotRunningError,
  SessiondError,
  TooManyCallsError,
} from "../../client/errors.js";
import { SessionLogger } from "../../client/logger.js";
import { type LogEntry, LogQueue } from "../../client/logQueue.js";
import { logEntry } from "../../src/protocol/log.js";

/** A daemon that takes lines, or does not. */
class FakeDaemon {
  readonly batches: LogEntry[][] = [];
  failure: Error | undefined;
  /** Errors of the next calls, one each; then as `failure` says. */
  readonly failures: Error[] = [];
  calls = 0;
  held: Promise<void> | undefined;

  readonly call = (async (method: string, params: { sessionId: string; entries: LogEntry[] }) => {
    if (method !== "log/write" || params.sessionId !== "s") throw new Error(`unexpected: ${method}`);
    await this.held;
    this.calls++;
    const failure = this.failures.shift() ?? this.failure;
    if (failure !== undefined) throw failure;
    for (const entry of params.entries) logEntry.parse(JSON.parse(JSON.stringify(entry)));
    this.batches.push(params.entries);
    return { accepted: params.entries.length, filtered: 0 };
  }) as unknown as Call;

  get entries(): LogEntry[] {
    return this.batches.flat();
  }
}

function setUp(component?: string): { daemon: FakeDaemon; logger: SessionLogger } {
  const daemon = new FakeDaemon();
  return { daemon, logger: new SessionLogger(new LogQueue(daemon.call, "s"), component) };
}

describe("a logger", () => {
  it("S0.7 says level, component and message, with what has a place of its own at its place", async () => {
    const { daemon, logger } = setUp("analyzer");
    logger.trace("t");
    logger.debug("d");
    logger.info("i", { files: 3, requestId: "r", event: "files.read", durationMs: 5 });
    logger.warn("w");
    logger.error("e", { err: new TypeError("wrong") });
    logger.success("s", { durationMs: 1.5 });
    logger.child("parser").child("lines").info("c");
    await logger.flush();
    expect(daemon.batches).toHaveLength(1);
    expect(daemon.entries.map(({ level }) => level)).toEqual(
      "trace debug info warn error info info".split(" "),
    );
    expect(daemon.entries[2]).toEqual({
      level: "info",
      message: "i",
      at: expect.any(String),
      component: "analyzer",
      requestId: "r",
      event: "files.read",
      durationMs: 5,
      fields: { files: 3 },
    });
    expect(daemon.entries[4]?.err).toMatchObject({ type: "TypeError", message: "wrong" });
    expect(daemon.entries[5]).toMatchObject({ event: "success", durationMs: 1.5 });
    expect(daemon.entries[6]?.component).toBe("analyzer.parser.lines");
  });

  it("S1.6 records decisions, and errors whatever was thrown", async () => {
    const { daemon, logger } = setUp();
    logger.decision("use files", "no server is needed", "sqlite");
    logger.decision("go on", "nothing speaks against it");
    logger.error("not an Error", { err: "a string" });
    await logger.flush();
    expect(daemon.entries).toMatchObject([
      {
        event: "decision",
        fields: { what: "use files", why: "no server is needed", alternatives: "sqlite" },
      },
      { event: "decision", fields: { what: "go on", why: "nothing speaks against it" } },
      { level: "error", err: { type: "string", message: "a string" } },
    ]);
    expect(daemon.entries[1]?.fields).not.toHaveProperty("alternatives");
  });

  it("S0.7 nests operations, also side by side and across loggers", async () => {
    const { daemon, logger } = setUp();
    const other = logger.child("other");
    const result = await logger.operation("outer", async () => {
      await Promise.all([
        other.operation("left", async (left) => {
          await turn();
          left.info("in left");
        }),
        logger.operation("right", async () => {
          await turn();
          other.info("in right");
        }),
      ]);
      return 42;
    });
    logger.info("outside");
    await logger.flush();
    expect(result).toBe(42);
    const find = (message: string): LogEntry | undefined =>
      daemon.entries.find((one) => one.message === message);
    const outer = find("outer started")?.operationId;
    for (const side of ["left", "right"]) {
      const started = find(`${side} started`);
      expect(started).toMatchObject({ parentOperationId: outer, event: "operation.started" });
      expect(find(`in ${side}`)?.operationId).toBe(started?.operationId);
      expect(find(`${side} finished`)).toMatchObject({
        operationId: started?.operationId,
        fields: { operation: side },
      });
    }
    expect(find("outer finished")?.durationMs).toBeGreaterThanOrEqual(0);
    expect(find("outside")).not.toHaveProperty("operationId");
  });

  it("S0.7 says that an operation failed, and passes on what was thrown", async () => {
    const { daemon, logger } = setUp();
    const error = new Error("no luck");
    const operation = logger.operation("broken", () => {
      throw error;
    });
    await expect(operation).rejects.toBe(error);
    await logger.flush();
    expect(daemon.entries[1]).toMatchObject({
      level: "error",
      event: "operation.failed",
      err: { message: "no luck" },
    });
  });

  it("S0.13 takes fields of any make, and sends only what the daemon takes", async () => {
    const { daemon, logger } = setUp("c".repeat(500));
    const cyclic: Record<string, unknown> = {
      list: [1n, Number.NaN, undefined, () => 1, Symbol("s"), new Date(0)],
    };
    cyclic["self"] = cyclic;
    Object.defineProperty(cyclic, "thrower", {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    });
    logger.info("m", {
      cyclic,
      map: new Map([["k", new Set([1])]]),
      bytes: new Uint8Array(3),
      never: new Date(Number.NaN),
    });
    logger.info("x".repeat(100_000), {
      text: "y".repeat(100_000),
      many: Array.from({ length: 5_000 }, () => 1),
    });
    logger.info("odd", {
      event: "Not An Event",
      durationMs: -1,
      requestId: "",
      ...JSON.parse('{"__proto__": 1}'),
    });
    logger.info(undefined as unknown as string, { err: Object.create(null) });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    logger.info("revoked", { proxy });
    await logger.flush();
    logger.info("revoked", proxy);
    expect(daemon.entries).toHaveLength(5);
    expect(daemon.entries[0]?.fields).toMatchObject({
      cyclic: {
        list: ["1", "NaN", "undefined", expect.any(String), "Symbol(s)", "1970-01-01T00:00:00.000Z"],
        thrower: "<unreadable: Error: no>",
      },
      map: [["k", [1]]],
      bytes: "<3 bytes>",
      never: "Invalid Date",
    });
    expect(daemon.entries[2]).toMatchObject({ fields: { event: "Not An Event", durationMs: -1 } });
    expect(JSON.stringify(daemon.entries[1]).length).toBeLessThan(40_000);
    expect(logger.dropped).toBe(1);
  });
});

describe("the queue of a logger", () => {
  it("S0.13 drops what a daemon does not take, never throws, and says once how much is missing", async () => {
    const { daemon, logger } = setUp();
    daemon.failure = new Error("gone");
    for (let number = 0; number < 700; number++) logger.info(`${number}`);
    await logger.flush();
    expect([daemon.batches.length, logger.dropped]).toEqual([0, 700]);
    daemon.failure = undefined;
    logger.info("back");
    logger.info("and on");
    await logger.flush();
    logger.info("later");
    await logger.flush();
    expect(daemon.entries.map(({ message }) => message)).toEqual([
      "Lines were dropped before they reached the log",
      "back",
      "and on",
      "later",
    ]);
    expect(daemon.entries[0]).toMatchObject({ level: "warn", event: "log.dropped", fields: { lines: 700 } });
  });

  it.each([
    ["were taken along by a broken connection", new ConnectionLostError("broke")],
    [
      "were refused",
      new SessiondError({ code: -32602, message: "no", data: { type: "invalid_params", hint: "" } }),
    ],
  ])("S0.13 drops the lines alone that %s", async (_, failure) => {
    const { daemon, logger } = setUp();
    daemon.failures.push(failure);
    for (let number = 0; number < 450; number++) logger.info(`${number}`);
    await logger.flush();
    expect(logger.dropped).toBe(200);
    expect(daemon.entries.map(({ message }) => message).slice(1)).toEqual(
      Array.from({ length: 250 }, (_, number) => `${number + 200}`),
    );
    expect(daemon.entries[0]).toMatchObject({ event: "log.dropped", fields: { lines: 200 } });
  });

  it.each([
    [1, [new NotRunningError("/socket")]],
    [1, [new ClientClosedError()]],
    [1, [new TooManyCallsError("log/write", 1)]],
    [2, [new ConnectionLostError("broke"), new ConnectionLostError("did not answer")]],
  ])("S0.13 drops the rest at once when call %d shows that nobody comes back", async (calls, failures) => {
    const { daemon, logger } = setUp();
    daemon.failures.push(...failures);
    for (let number = 0; number < 700; number++) logger.info(`${number}`);
    await logger.flush();
    expect([daemon.calls, logger.dropped]).toEqual([calls, 700]);
  });

  it("S0.13 holds a bounded number of lines, and sends them in bounded calls, in their order", async () => {
    const { daemon, logger } = setUp();
    for (let number = 0; number < 1_200; number++) logger.info(`${number}`);
    await Promise.all([logger.flush(), logger.flush()]);
    expect(logger.dropped).toBe(200);
    expect(Math.max(...daemon.batches.map(({ length }) => length))).toBeLessThanOrEqual(201);
    const numbers = daemon.entries
      .filter(({ event }) => event === undefined)
      .map(({ message }) => Number(message));
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, number) => number));
    for (let number = 0; number < 100; number++) logger.info("large", { pad: "x".repeat(16_000) });
    await logger.flush();
    const largest = Math.max(...daemon.batches.map((batch) => JSON.stringify(batch).length));
    expect(largest).toBeLessThanOrEqual(512 * 1_024);
  });

  it("flushes by itself after a while", async () => {
    vi.useFakeTimers();
    try {
      const { daemon, logger } = setUp();
      logger.info("one");
      logger.info("two");
      expect(daemon.batches).toEqual([]);
      await vi.advanceTimersByTimeAsync(100);
      expect(daemon.batches).toHaveLength(1);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
