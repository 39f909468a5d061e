import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { SessionLogs } from "../../src/log/sessionLogs.js";
import { RefusalError } from "../../src/protocol/errors.js";
import { METHODS } from "../../src/protocol/methods/index.js";
import type { Params } from "../../src/protocol/types.js";
import type { Session } from "../../src/session/state.js";
import { Logbook } from "../../src/supervisor/logbook.js";
import { sessionLogger } from "../../src/supervisor/sessionLogger.js";
import type { Supervisor } from "../../src/supervisor/supervisor.js";

let logDir: string;
let sessionLogs: SessionLogs;
let logbook: Logbook;
let sessions: Map<string, Session>;
beforeEach(() => {
  logDir = mkdtempSync(join(tmpdir(), "sessiond-logbook-"));
  const complain = (error: Error): never => {
    throw error;
  };
  sessionLogs = new SessionLogs({ dir: logDir, maxSizeBytes: 1e6, keepFiles: 2, maxOpen: 2, complain });
  sessions = new Map();
  // As much of a supervisor as it asks for.
  const supervisor = {
    session: (sessionId: string) => {
      const session = sessions.get(sessionId);
      if (session === undefined) throw new RefusalError({ type: "session_not_found", message: "none" });
      return session;
    },
  } as Supervisor;
  logbook = new Logbook({ supervisor, sessionLogs, logDir });
});
afterEach(async () => {
  await sessionLogs.close();
  rmSync(logDir, { recursive: true });
});

function session(fields: object = {}): Session {
  const logging = { enabled: true, level: "info" };
  const made = { sessionId: "s", createdSeq: 1, config: { logging }, ...fields } as unknown as Session;
  sessions.set(made.sessionId, made);
  return made;
}
const write = (params: Params<"log/write">) => logbook.write(METHODS["log/write"].params.parse(params));
const query = (params: Params<"log/query">) => logbook.query(METHODS["log/query"].params.parse(params));
const tail = (params: Params<"log/tail">, signal = new AbortController().signal) =>
  logbook.tail(METHODS["log/tail"].params.parse(params), signal);

describe("the logbook", () => {
  it("S0.7 writes what the settings want, with the time of the entry, and finds it again", async () => {
    session();
    const at = "2026-01-01T00:00:00.000Z";
    const entries = [
      { message: "a", at },
      { message: "b", level: "debug" as const },
    ];
    expect(await write({ sessionId: "s", entries })).toEqual({ accepted: 1, filtered: 1 });
    expect(await query({ sessionId: "s", until: "2026-01-02T00:00:00Z" })).toEqual({
      items: [{ at, level: "info", message: "a", sessionId: "s" }],
      damaged: 0,
    });
  });

  it("S0.7 refuses lines for a session that is archived, and lets its log be read", async () => {
    session({ archivedAt: 1 });
    await expect(write({ sessionId: "s", message: "late" })).rejects.toThrow("is archived");
    expect(await query({ sessionId: "s" })).toEqual({ items: [], damaged: 0 });
  });

  it("S0.7 reads the daemon's log where no session is named, page after page", async () => {
    mkdirSync(join(logDir, "daemon"));
    const lines = [1, 2, 3].map((msg) => JSON.stringify({ level: "info", time: new Date(0), msg: `${msg}` }));
    writeFileSync(join(logDir, "daemon", "sessiond.2026-01-01.1.log"), `${lines.join("\n")}\n`);
    const first = await query({ limit: 2 });
    const second = await query({ limit: 2, cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ message }) => message)).toEqual(["3", "2", "1"]);
    expect(second).not.toHaveProperty("nextCursor");
  });

  it("S0.7 holds a following call until there is a line, the session is gone, or the daemon stops", async () => {
    const made = session();
    const { cursor } = await tail({ sessionId: "s", lines: 0 });
    const held = tail({ sessionId: "s", cursor, follow: true });
    await write({ sessionId: "s", message: "news" });
    const { lines, cursor: next } = await held;
    expect(lines.map(({ message }) => message)).toEqual(["news"]);
    expect((await tail({ sessionId: "s", lines: 5 })).lines).toEqual(lines);
    const stopped = tail({ sessionId: "s", cursor: next, follow: true });
    await sessionLogs.close();
    expect((await stopped).lines).toEqual([]);
    sessions.delete(made.sessionId);
    await expect(tail({ sessionId: "s", cursor: next, follow: true })).rejects.toMatchObject({
      refusal: { type: "session_not_found" },
    });
  });
});

describe("the logger of a session", () => {
  it("S0.1 S1.6 tells both logs what happened, its own by the settings and until it is archived", () => {
    const both: unknown[] = [];
    const daemonLog = Object.fromEntries(
      ["debug", "info", "warn", "error"].map((level) => [level, () => both.push(`daemon ${level}`)]),
    ) as unknown as Parameters<typeof sessionLogger>[0];
    const own = { write: (_: unknown, { level }: { level: string }) => void both.push(`own ${level}`) };
    const logger = sessionLogger(daemonLog, own, session());
    logger.debug({}, "m");
    logger.info({}, "m");
    logger.warn({}, "m");
    logger.error({}, "m");
    expect(both.splice(0).join(", ")).toBe(
      "daemon debug, daemon info, own info, daemon warn, own warn, daemon error, own error",
    );
    sessionLogger(daemonLog, own, session({ archivedAt: 1 })).info({}, "m");
    sessionLogger(daemonLog, own, session({ config: { logging: { enabled: false, level: "trace" } } })).error(
      {},
      "m",
    );
    expect(both).toEqual(["daemon info", "daemon error"]);
  });
});
