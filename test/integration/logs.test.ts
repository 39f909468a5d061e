import { appendFile, readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

import type { Result } from "../../client/index.js";
import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import { linesOf, logDir, messages } from "../support/logLines.js";
import { until } from "../support/until.js";

const linkOf = (daemon: TestDaemon, sessionId: string): string =>
  join(logDir(daemon), `session_${sessionId}.log`);

describe("the log of a session", () => {
  it("S0.7 holds what its clients wrote and what became of it, by level, component, operation, time and text", async () => {
    const daemon = await daemonForTest();
    const client = await daemon.client();
    const session = await client.open("task", { sessionId: "task-1" });
    const logger = session.logger("analyzer");
    logger.info("Processing started", { files: 3 });
    logger.error("Error occurred", { err: new RangeError("too far", { cause: "a cause" }) });
    logger.success("Operation completed", { durationMs: 12.5 });
    await logger.operation("outer", async (outer) => {
      outer.info("in outer");
      await outer.child("parser").operation("inner", (inner) => inner.warn("in inner"));
    });
    await expect(logger.operation("broken", () => Promise.reject(new Error("no luck")))).rejects.toThrow(
      "no luck",
    );
    await session.close();
    const lines = await linesOf(client, "task-1");
    expect(messages(lines)).toEqual([
      "Session created",
      "Processing started",
      "Error occurred",
      "Operation completed",
      "outer started",
      "in outer",
      "inner started",
      "in inner",
      "inner finished",
      "outer finished",
      "broken started",
      "broken failed",
      "Session ended",
    ]);
    const [created, started, failed, success, outer, inOuter, inner, inInner] = lines;
    expect(created).toMatchObject({ level: "info", event: "session.created", sessionId: "task-1" });
    expect(started).toMatchObject({ component: "analyzer", fields: { files: 3 }, sessionId: "task-1" });
    expect(failed).toMatchObject({ level: "error", err: { type: "RangeError", cause: "a cause" } });
    expect(failed?.err?.["stack"]).toContain("RangeError: too far");
    expect(success).toMatchObject({ event: "success", durationMs: 12.5 });
    expect(inOuter?.operationId).toBe(outer?.operationId);
    expect(inner).toMatchObject({ component: "analyzer.parser", parentOperationId: outer?.operationId });
    expect(inInner).toMatchObject({ operationId: inner?.operationId, component: "analyzer.parser" });
    expect(lines[9]).toMatchObject({ event: "operation.finished", durationMs: expect.any(Number) });
    expect(lines[11]).toMatchObject({
      level: "error",
      event: "operation.failed",
      err: { message: "no luck" },
    });

    const ask = async (params: object): Promise<string[]> =>
      messages(await linesOf(client, "task-1", params));
    expect(await ask({ level: "warn" })).toEqual(["Error occurred", "in inner", "broken failed"]);
    expect(await ask({ component: "analyzer.parser" })).toEqual([
      "inner started",
      "in inner",
      "inner finished",
    ]);
    expect(await ask({ component: "analy" })).toEqual([]);
    expect(await ask({ operationId: inner?.operationId })).toHaveLength(3);
    expect(await ask({ operationId: outer?.operationId })).toHaveLength(6);
    expect(await ask({ text: "TOO FAR" })).toEqual(["Error occurred"]);
    expect(await ask({ event: "session.ended" })).toEqual(["Session ended"]);
    expect(await ask({ since: "2999-01-01T00:00:00Z" })).toEqual([]);
    expect(await ask({ until: started?.at })).toEqual(["Session created"]);
    expect(await ask({ limit: 2 })).toHaveLength(13);
    expect((await ask({ order: "newest", limit: 5 })).toReversed()).toEqual(messages(lines));
    const own = await client.log.query({ text: "task-1", level: "info" });
    expect(messages(own.items)).toEqual(["Session ended", "Session created"]);
  });

  it("S1.6 events, errors and decisions with what, why and alternatives are an audit trail that outlives the daemon", async () => {
    const daemon = await daemonForTest();
    const client = await daemon.client();
    const session = await client.open("audit", { sessionId: "audit" });
    session.logger().decision("use files", "no server is needed", ["sqlite", "redis"]);
    await session.logger().flush();
    await daemon.crash();
    const [decision] = await linesOf(client, "audit", { event: "decision" });
    expect(decision).toMatchObject({
      message: "Decided: use files",
      fields: { what: "use files", why: "no server is needed", alternatives: ["sqlite", "redis"] },
    });
  });

  it("S0.7 leaves secrets out on the disk, and cannot be told lies about what a line is", async () => {
    const daemon = await daemonForTest();
    const client = await daemon.client();
    const { sessionId } = await client.session.create({ sessionId: "s" });
    const fields = { deep: [{ api_key: "hunter2", ok: 1 }], password: "hunter2", level: "fatal", msg: "x" };
    await client.log.write({
      sessionId,
      message: "secrets",
      fields,
      err: { message: "e", token: "hunter2" },
    });
    const [line] = await linesOf(client, sessionId, { text: "secrets" });
    expect(line).toMatchObject({ level: "info", message: "secrets", fields: { level: "fatal", msg: "x" } });
    const text = await readFile(linkOf(daemon, sessionId), "utf8");
    expect(text).not.toContain("hunter2");
    expect(text).toContain("[redacted]");
  });

  it("S0.7 keeps what the settings of the session want, from the moment on in which they change", async () => {
    const daemon = await daemonForTest();
    const client = await daemon.client();
    const config = { logging: { enabled: true, level: "warn" } } as const;
    const { sessionId } = await client.session.create({ sessionId: "s", config });
    const write = (): Promise<Result<"log/write">> =>
      client.log.write({
        sessionId,
        entries: (["trace", "info", "warn", "error"] as const).map((level) => ({ level, message: level })),
      });
    expect(await write()).toEqual({ accepted: 2, filtered: 2 });
    await client.session.update({ sessionId, config: { logging: { level: "trace" } } });
    expect(await write()).toEqual({ accepted: 4, filtered: 0 });
    await client.session.update({ sessionId, config: { logging: { enabled: false } } });
    expect(await write()).toEqual({ accepted: 0, filtered: 4 });
    const lines = (await linesOf(client, sessionId)).filter(({ event }) => event === undefined);
    expect(messages(lines)).toEqual(["warn", "error", "trace", "info", "warn", "error"]);
  });

  it("S1.7 is rolled by size, kept by count, and read over all files, damaged lines left out and counted", async () => {
    const daemon = await daemonForTest({
      config: { log: { sessionMaxSizeBytes: 1_024, sessionKeepFiles: 3 } },
    });
    const client = await daemon.client();
    const { sessionId } = await client.session.create({ sessionId: "s" });
    for (let number = 0; number < 60; number++) {
      await client.log.write({ sessionId, message: `line ${number}`, fields: { pad: "x".repeat(100) } });
      // A roll takes place between two writes.
      if (number % 5 === 0) await client.log.query({ sessionId, limit: 1 });
    }
    const folder = join(logDir(daemon), "sessions", "s~1");
    await until("old files to go", async () => (await readdir(folder)).length <= 3);
    const before = await linesOf(client, sessionId);
    const numbers = before.map(({ message }) => Number(message.slice(5)));
    expect(numbers.at(-1)).toBe(59);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    expect(numbers.length).toBeGreaterThan(6);
    expect(await realpath(linkOf(daemon, sessionId))).toContain(folder);
    const number = (file: string): number => Number(file.split(".")[2]);
    const [live = ""] = (await readdir(folder)).sort((a, b) => number(b) - number(a));
    await appendFile(join(folder, live), "{half\nnull\n");
    const newest = await client.log.query({ sessionId, limit: 10 });
    expect([newest.damaged, messages(newest.items)[0]]).toEqual([2, "line 59"]);
  });

  it("S0.7 is followed over rolls without losing a line or telling one twice", async () => {
    const daemon = await daemonForTest({ config: { log: { sessionMaxSizeBytes: 1_024 } } });
    const client = await daemon.client();
    const writer = await daemon.client();
    const { sessionId } = await client.session.create({ sessionId: "s" });
    let tail = await client.log.tail({ sessionId, lines: 1 });
    expect(messages(tail.lines)).toEqual(["Session created"]);
    const seen: string[] = [];
    const expected = Array.from({ length: 50 }, (_, number) => `line ${number}`);
    const writing = (async () => {
      for (const message of expected) {
        await writer.log.write({ sessionId, message, fields: { pad: "x".repeat(100) } });
      }
    })();
    while (seen.length < expected.length) {
      tail = await client.log.tail({ sessionId, cursor: tail.cursor, follow: true });
      seen.push(...messages(tail.lines));
      expect(tail.damaged).toBe(0);
    }
    await writing;
    expect(seen).toEqual(expected);
    const idle = await client.log.tail({ sessionId, cursor: tail.cursor, follow: true, timeoutMs: 150 });
    expect(idle).toEqual({ lines: [], cursor: tail.cursor, damaged: 0 });
    expect((await client.log.tail({ sessionId, lines: 0 })).lines).toEqual([]);
    const last = client.log.tail({ sessionId, cursor: tail.cursor, follow: true, timeoutMs: 60_000 });
    await writer.session.end({ sessionId });
    expect(messages((await last).lines)).toEqual(["Session ended"]);
    // The last word may still come: that it was deleted.
    const follow = async (cursor: string): Promise<never> =>
      follow((await client.log.tail({ sessionId, cursor, follow: true, timeoutMs: 60_000 })).cursor);
    const held = follow((await last).cursor);
    await writer.session.delete({ sessionId });
    await expect(held).rejects.toMatchObject({ type: "session_not_found" });
  });

  it("S0.7 goes to the archive with its session, compressed and readable, and away with it", async () => {
    const daemon = await daemonForTest();
    const client = await daemon.client();
    const { sessionId, createdSeq } = await client.session.create({ sessionId: "Task" });
    const other = await client.session.create({ sessionId: "task" });
    await client.log.write({ sessionId, message: "of Task" });
    await client.log.write({ sessionId: "task", message: "of task" });
    await client.session.end({ sessionId });
    await client.session.archive({ sessionId });
    const archive = join(logDir(daemon), "archive", `${sessionId}~${createdSeq}`);
    await until("the archive", async () => !(await readdir(logDir(daemon))).includes("session_Task.log"));
    const [file = ""] = await readdir(archive);
    expect(gunzipSync(await readFile(join(archive, file))).toString()).toContain('"msg":"of Task"');
    expect(messages(await linesOf(client, sessionId))).toEqual([
      "Session created",
      "of Task",
      "Session ended",
    ]);
    expect(messages(await linesOf(client, sessionId, { order: "newest", limit: 1 }))).toHaveLength(3);
    await expect(client.log.write({ sessionId, message: "late" })).rejects.toMatchObject({
      type: "session_not_active",
    });
    expect(messages(await linesOf(client, "task"))).toEqual(["Session created", "of task"]);
    await client.session.delete({ sessionId });
    await client.session.end({ sessionId: "task" });
    await client.session.delete({ sessionId: "task" });
    await until("all of it to go", async () => {
      const names = await readdir(logDir(daemon), { recursive: true });
      return !names.some((name) => name.toLowerCase().includes("task"));
    });
    const again = await client.session.create({ sessionId: "task" });
    expect(again.createdSeq).not.toBe(other.createdSeq);
    expect(messages(await linesOf(client, "task"))).toEqual(["Session created"]);
  });

  it("S1.7 holds few files open, however many sessions write", async () => {
    const daemon = await daemonForTest({ config: { log: { maxOpenSessionLogs: 8 } } });
    const client = await daemon.client();
    const ids = Array.from({ length: 200 }, (_, number) => `s-${number}`);
    for (const sessionId of ids) await client.session.create({ sessionId });
    for (let round = 0; round < 2; round++) {
      await Promise.all(
        ids.map((sessionId) => client.log.write({ sessionId, message: `round ${round} of ${sessionId}` })),
      );
    }
    const open = async (): Promise<number> => {
      const fds = `/proc/${daemon.process.pid}/fd`;
      const paths = (await readdir(fds)).map((fd) => realpath(join(fds, fd)).catch(() => ""));
      return (await Promise.all(paths)).filter((path) => path.includes("/log/sessions/")).length;
    };
    let most = 0;
    for (const sessionId of ids) {
      expect(messages(await linesOf(client, sessionId))).toEqual([
        "Session created",
        `round 0 of ${sessionId}`,
        `round 1 of ${sessionId}`,
      ]);
      if (process.platform === "linux") most = Math.max(most, await open());
    }
    expect(most).toBeLessThanOrEqual(9);
  });
});
