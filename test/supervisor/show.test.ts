import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { command as commandShape } from "../../src/protocol/command.js";
import { session as sessionShape } from "../../src/protocol/session.js";
import { decide } from "../../src/session/decide.js";
import { showEvent } from "../../src/supervisor/show/event.js";
import { showExecution } from "../../src/supervisor/show/execution.js";
import { showSession, showTime, withoutUndefined } from "../../src/supervisor/show/session.js";
import { commandOf, steps } from "../session/commandSequences.js";
import { Model } from "../session/model.js";
import { EVENT_SCHEMAS } from "../support/eventSchemas.js";
import { BOUNDS, CONFIG, execution, session, STAMP } from "../session/samples.js";

describe("a session", () => {
  const full = session({
    name: "build",
    workingDirectory: "/w",
    tags: ["t"],
    metadata: { key: [null] },
    environment: { LANG: "C", API_TOKEN: "hunter2", URL: "http://ada:hunter2@host/" },
    status: "completed",
    endedAt: 3_000,
    endReason: "done",
    archivedAt: 4_000,
    deletedAt: 5_000,
    pinned: true,
  });

  it("is shown with its times for people, and what it has", () => {
    expect(showSession(full, 2_000)).toStrictEqual({
      sessionId: "s",
      createdSeq: 1,
      status: "completed",
      name: "build",
      workingDirectory: "/w",
      tags: ["t"],
      metadata: { key: [null] },
      environment: { LANG: "C", API_TOKEN: "[redacted]", URL: "http://ada:[redacted]@host/" },
      config: CONFIG,
      createdAt: "1970-01-01T00:00:01.000Z",
      updatedAt: "1970-01-01T00:00:01.000Z",
      lastActivityAt: "1970-01-01T00:00:01.000Z",
      lastHeartbeatAt: "1970-01-01T00:00:02.000Z",
      endedAt: "1970-01-01T00:00:03.000Z",
      endReason: "done",
      archivedAt: "1970-01-01T00:00:04.000Z",
      deletedAt: "1970-01-01T00:00:05.000Z",
      pinned: true,
      activities: 0,
      messages: 0,
      checkpoints: 0,
      commands: full.commands,
      invocations: full.invocations,
      totals: full.totals,
    });
  });

  it("is shown with who has claimed it, and without what only the holder knows", () => {
    const lease = { token: "secret", epoch: 3, holder: "ada", claimedAt: 2_000, isHeld: true };
    const shown = showSession(session({ lease }));
    expect(shown.lease).toStrictEqual({ epoch: 3, holder: "ada", claimedAt: "1970-01-01T00:00:02.000Z" });
    expect(showSession(session({ lease: { ...lease, holder: undefined } })).lease).not.toHaveProperty(
      "holder",
    );
    expect(showSession(session({ lease: { ...lease, isHeld: false } }))).not.toHaveProperty("lease");
    const data = { token: "secret", epoch: 3, holder: "ada" };
    expect(showEvent({ type: "session/claimed", sessionId: "s", data }, STAMP).data).toStrictEqual({
      epoch: 3,
      holder: "ada",
    });
  });

  it("is shown without what it has not", () => {
    const shown = showSession(session());
    for (const key of [
      "name",
      "endedAt",
      "archivedAt",
      "deletedAt",
      "lastHeartbeatAt",
      "metadataLength",
      "lastActivityUp",
    ]) {
      expect(shown).not.toHaveProperty(key);
    }
  });
});

describe("a command", () => {
  it("is shown with its times for people, and nothing that is the daemon's own", () => {
    const over = execution({
      name: "build",
      status: "failed",
      process: { pid: 42, startTicks: 7, bootId: "boot" },
      exitCode: 2,
      endedAt: 5_000,
      nextAttemptAt: 4_000,
      stdoutBytes: 1,
      stderrBytes: 0,
    });
    expect(showExecution(over)).toStrictEqual({
      commandId: "c",
      sessionId: "s",
      name: "build",
      argv: ["/usr/bin/make", "all"],
      cwd: "/",
      status: "failed",
      attempt: 1,
      maxAttempts: 3,
      exitCode: 2,
      createdAt: "1970-01-01T00:00:02.000Z",
      startedAt: "1970-01-01T00:00:02.000Z",
      endedAt: "1970-01-01T00:00:05.000Z",
      nextAttemptAt: "1970-01-01T00:00:04.000Z",
      durationMs: 3_000,
      stdoutBytes: 1,
      stderrBytes: 0,
    });
  });

  it("has no duration before its end, nor without a start, and never one below 0", () => {
    expect(showExecution(execution())).not.toHaveProperty("durationMs");
    expect(showExecution(execution({ startedAt: undefined, endedAt: 5 }))).not.toHaveProperty("durationMs");
    expect(showExecution(execution({ endedAt: 1_000 }))).toMatchObject({ durationMs: 0 });
  });

  it("has a pid while there is a process that has it", () => {
    const process = { pid: 42, startTicks: 7, bootId: "boot" };
    expect(showExecution(execution({ process }))).toHaveProperty("pid", 42);
    expect(showExecution(execution({ process: undefined }))).not.toHaveProperty("pid");
    expect(showExecution(execution({ process, status: "lost" }))).not.toHaveProperty("pid");
  });
});

describe("an event", () => {
  it("is shown with its seq and time, and data that hides what is secret or internal", () => {
    const shown = (event: Parameters<typeof showEvent>[0]): unknown => showEvent(event, STAMP);
    expect(
      shown({
        type: "session/updated",
        sessionId: "s",
        data: { environment: { API_TOKEN: "hunter2" }, name: "new", tags: undefined },
      }),
    ).toStrictEqual({
      seq: 7,
      at: "1970-01-01T00:00:09.000Z",
      type: "session/updated",
      sessionId: "s",
      data: { name: "new", environment: { API_TOKEN: "[redacted]" } },
    });
    expect(
      shown({
        type: "command/started",
        sessionId: "s",
        data: { commandId: "c", attempt: 1, process: { pid: 42, bootId: "boot" }, supervision: "sh" },
      }),
    ).toStrictEqual({
      seq: 7,
      at: "1970-01-01T00:00:09.000Z",
      type: "command/started",
      sessionId: "s",
      data: { commandId: "c", attempt: 1, pid: 42, supervision: "sh" },
    });
  });

  it("of a command tells how a try or the whole of it ended", () => {
    const outcome = { cause: "exited", exitCode: 2, signal: undefined, error: undefined } as const;
    const dataOf = (type: "command/retrying" | "command/ended", data: object): unknown =>
      showEvent({ type, sessionId: "s", data } as Parameters<typeof showEvent>[0], STAMP).data;
    expect(
      dataOf("command/retrying", { ...outcome, commandId: "c", attempt: 1, nextAttemptAt: 9_500 }),
    ).toStrictEqual({
      commandId: "c",
      attempt: 1,
      cause: "exited",
      exitCode: 2,
      nextAttemptAt: "1970-01-01T00:00:09.500Z",
    });
    const ended = { ...outcome, commandId: "c", status: "failed", durationMs: 5, tool: "make" };
    expect(dataOf("command/ended", { ...ended, stdoutBytes: 1, stderrBytes: 2 })).toStrictEqual({
      commandId: "c",
      status: "failed",
      cause: "exited",
      exitCode: 2,
      durationMs: 5,
    });
  });

  it("of a signal tells which, and of a start shows the command", () => {
    const signalled = { commandId: "c", signal: "SIGTERM", cancels: true };
    expect(
      showEvent({ type: "command/signalled", sessionId: "s", data: signalled }, STAMP).data,
    ).toStrictEqual({
      commandId: "c",
      signal: "SIGTERM",
    });
    const { commandId, name, argv, cwd, token, limits, retry } = execution();
    const data = { commandId, name, argv, cwd, token, limits, retry };
    expect(showEvent({ type: "command/accepted", sessionId: "s", data }, STAMP).data).toStrictEqual({
      commandId: "c",
      sessionId: "s",
      argv: ["/usr/bin/make", "all"],
      cwd: "/",
      status: "starting",
      attempt: 0,
      maxAttempts: 3,
      createdAt: "1970-01-01T00:00:09.000Z",
    });
  });

  it("that says that a text was removed says so", () => {
    const data = { name: null, tags: ["t"] };
    expect(showEvent({ type: "session/updated", sessionId: "s", data }, STAMP).data).toEqual(data);
  });
});

describe("whatever happened", () => {
  it("is shown in the shapes of the protocol, and tells no secret", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const model = new Model();
        let seq = 0;
        let at = 1_000;
        for (const step of list) {
          at += step.passedMs;
          const decision = decide(model, commandOf(step, model), { at }, BOUNDS);
          for (const event of "events" in decision ? decision.events : []) {
            seq += 1;
            model.apply({ event, stamp: { seq, at, up: at } });
            // The protocol lets no such key in, so it has no shape for one.
            if (JSON.stringify(event).includes("__proto__")) continue;
            const shown = showEvent(event, { seq, at, up: at });
            const json: unknown = JSON.parse(JSON.stringify(shown.data));
            const fault = EVENT_SCHEMAS[event.type].safeParse(json).error;
            expect({ event, issues: fault?.issues }).toEqual({ event, issues: undefined });
            const { type, sessionId } = event;
            expect(shown).toMatchObject({ seq, at: showTime(at), type });
            expect(shown.sessionId).toBe(sessionId);
            expect(JSON.stringify(shown)).not.toMatch(/"token":|API_TOKEN":"(?!\[redacted\])/);
          }
        }
        for (const one of model.sessions.values()) {
          if (!JSON.stringify(one).includes("__proto__")) sessionShape.parse(showSession(one, at));
        }
        for (const one of model.executions.values()) commandShape.parse(showExecution(one));
      }),
      { numRuns: 60 },
    );
  });
});

describe("withoutUndefined", () => {
  it("leaves out what has no value, and keeps what is empty", () => {
    expect(withoutUndefined({ a: undefined, b: null, c: 0, d: "", e: false })).toStrictEqual({
      b: null,
      c: 0,
      d: "",
      e: false,
    });
  });
});
