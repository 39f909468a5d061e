import { describe, expect, it } from "vitest";

import type { Decision } from "../../src/session/decision.js";
import { evolve } from "../../src/session/evolve.js";
import { evolveExecution } from "../../src/session/evolveExecution.js";
import type { EndCause, Execution, Session } from "../../src/session/state.js";
import { decided, ended, execution, headOf, onlyEvent, session } from "./samples.js";

type Report = Parameters<typeof ended>[0];

function report(changes: Report = {}, of: Partial<Execution> = {}, within: Partial<Session> = {}): Decision {
  const running = session({
    commands: { total: 1, running: 1, succeeded: 0, failed: 0, retries: 0 },
    ...within,
  });
  return decided(headOf([running], [execution(of)]), ended(changes));
}

function typeOf(decision: Decision): string {
  return onlyEvent(decision).type;
}

describe("a try that failed", () => {
  it("is followed by another after the pause", () => {
    expect(onlyEvent(report({ outcome: { cause: "exited", exitCode: 7 } }))).toEqual({
      type: "command/retrying",
      sessionId: "s",
      data: { commandId: "c", attempt: 1, cause: "exited", exitCode: 7, nextAttemptAt: 11_000 },
    });
    expect(onlyEvent(report({ attempt: 2 }, { attempt: 2 }))).toMatchObject({
      data: { nextAttemptAt: 12_000 },
    });
  });

  it("leaves a part of the pause to chance", () => {
    const retry = { ...execution().retry, jitter: 0.5 };
    expect(onlyEvent(report({ chance: 0.5 }, { retry }))).toMatchObject({ data: { nextAttemptAt: 10_750 } });
  });

  it("is the last one when there were as many as are allowed", () => {
    const retry = { ...execution().retry, maxAttempts: 3 };
    expect(typeOf(report({ attempt: 2 }, { retry, attempt: 2 }))).toBe("command/retrying");
    expect(typeOf(report({ attempt: 3 }, { retry, attempt: 3 }))).toBe("command/ended");
    expect(typeOf(report({}, { retry: { ...retry, maxAttempts: 1 } }))).toBe("command/ended");
  });

  it("is the last one where its exit code says so", () => {
    const retry = { ...execution().retry, nonRetryableExitCodes: [2, 64] };
    const codes = [1, 2, 3, 64].map((exitCode) =>
      typeOf(report({ outcome: { cause: "exited", exitCode } }, { retry })),
    );
    expect(codes).toEqual(["command/retrying", "command/ended", "command/retrying", "command/ended"]);
  });

  it("is the last one where the next would begin when the schedule has closed", () => {
    // Created at 2,000; it is 10,000, and the pause takes 1,000.
    const closing = (scheduleToCloseMs: number): string =>
      typeOf(report({}, { limits: { ...execution().limits, scheduleToCloseMs } }));
    expect(closing(9_001)).toBe("command/retrying");
    expect(closing(9_000)).toBe("command/ended");
    expect(closing(0)).toBe("command/retrying");
  });

  it("is the last one where the report says that another could go no better", () => {
    const outcome = { cause: "start_failed", error: "no such file" } as const;
    const reported = report({ outcome, retryable: false }, { status: "starting", attempt: 0 });
    expect(onlyEvent(reported)).toMatchObject({
      type: "command/ended",
      data: { status: "failed", cause: "start_failed", error: "no such file" },
    });
  });

  it.each(["paused", "completed", "failed", "abandoned", "timed_out"] as const)(
    "is the last one in a session that is %s",
    (status) => {
      expect(typeOf(report({}, {}, { status }))).toBe("command/ended");
    },
  );

  it("is the last one where its session is gone", () => {
    expect(typeOf(decided(headOf([], [execution()]), ended()))).toBe("command/ended");
  });

  it.each(["start_to_close", "stalled", "start_failed", "exited", "output_limit"] as const)(
    "is the last one after a cancelling signal, also when it ended by %s",
    (cause) => {
      expect(typeOf(report({ outcome: { cause } }))).toBe("command/retrying");
      expect(typeOf(report({ outcome: { cause } }, { cancelled: true }))).toBe("command/ended");
    },
  );

  it.each(["schedule_to_close", "signalled", "session_ended", "daemon_stopped", "daemon_lost"] as const)(
    "is the last one when it ended by %s",
    (cause) => {
      expect(typeOf(report({ outcome: { cause } }))).toBe("command/ended");
    },
  );
});

describe("a try that is lost", () => {
  const lost = { outcome: { cause: "daemon_lost" } } as const;
  const retry = { ...execution().retry, onLost: "retry" } as const;

  it("is followed by another where that is asked for, and counts as one", () => {
    expect(typeOf(report(lost, { retry: { ...retry, onLost: "fail" } }))).toBe("command/ended");
    expect(onlyEvent(report(lost, { retry }))).toMatchObject({
      type: "command/retrying",
      data: { attempt: 1, cause: "daemon_lost" },
    });
    expect(onlyEvent(report({ ...lost, attempt: 3 }, { retry, attempt: 3 }))).toMatchObject({
      data: { status: "lost" },
    });
  });

  it("is the last one after a cancelling signal, and where its session has ended", () => {
    expect(typeOf(report(lost, { retry, cancelled: true }))).toBe("command/ended");
    expect(typeOf(report(lost, { retry }, { status: "completed" }))).toBe("command/ended");
  });
});

describe("the end of a command", () => {
  const finals: readonly [EndCause, number | undefined, Execution["status"], Execution["status"]][] = [
    ["exited", 0, "succeeded", "succeeded"],
    ["exited", 1, "failed", "cancelled"],
    ["exited", undefined, "failed", "cancelled"],
    ["start_failed", undefined, "failed", "cancelled"],
    ["output_limit", undefined, "failed", "cancelled"],
    ["start_to_close", undefined, "timed_out", "timed_out"],
    ["schedule_to_close", undefined, "timed_out", "timed_out"],
    ["stalled", undefined, "timed_out", "timed_out"],
    ["signalled", undefined, "cancelled", "cancelled"],
    ["session_ended", undefined, "cancelled", "cancelled"],
    ["daemon_stopped", undefined, "cancelled", "cancelled"],
    ["daemon_lost", undefined, "lost", "lost"],
  ];

  it.each(finals)(
    "by %s (exit code %s) is %s, and %s after a cancelling signal",
    (cause, exitCode, plain, cancelled) => {
      const outcome = { cause, ...(exitCode === undefined ? {} : { exitCode }) };
      const ending = (isCancelled: boolean) =>
        onlyEvent(report({ outcome, retryable: false }, { cancelled: isCancelled }));
      expect(ending(false)).toMatchObject({ type: "command/ended", data: { ...outcome, status: plain } });
      expect(ending(true)).toMatchObject({ type: "command/ended", data: { ...outcome, status: cancelled } });
    },
  );

  it("says how long it took from its first start, and what it wrote", () => {
    const data = { durationMs: 8_000, tool: "make", stdoutBytes: 10, stderrBytes: 20 };
    expect(onlyEvent(report({ retryable: false }))).toMatchObject({ data });
    expect(onlyEvent(report({ retryable: false }, { startedAt: undefined }))).toMatchObject({
      data: { durationMs: 0 },
    });
    // The wall clock may have been set back.
    expect(onlyEvent(report({ retryable: false }, { startedAt: 99_000 }))).toMatchObject({
      data: { durationMs: 0 },
    });
  });

  it("says when it was where nobody was there to see it, and never before its start or after now", () => {
    const at = (endedAt: number) => onlyEvent(report({ retryable: false, endedAt }));
    expect(at(7_000)).toMatchObject({ data: { endedAt: 7_000, durationMs: 5_000 } });
    expect(at(1_000)).toMatchObject({ data: { endedAt: 2_000, durationMs: 0 } });
    expect(at(99_000)).not.toHaveProperty("data.endedAt");
    const event = at(7_000);
    const stamp = { seq: 9, at: 10_000, up: 10_000 };
    expect(evolveExecution(execution(), event, stamp)).toMatchObject({ endedAt: 7_000 });
  });

  it.each([
    ["make", "make"],
    ["/usr/bin/make", "make"],
    ["./run.sh", "run.sh"],
    ["bin/", "command"],
    ["", "command"],
    ["x".repeat(256), "x".repeat(256)],
    ["x".repeat(257), "command"],
  ])("counts the program %j as the tool %j", (program, tool) => {
    expect(onlyEvent(report({ retryable: false }, { argv: [program, "all"] }))).toMatchObject({
      data: { tool },
    });
  });

  it("counts a command without any argument, which an older journal may hold", () => {
    expect(onlyEvent(report({ retryable: false }, { argv: [] }))).toMatchObject({
      data: { tool: "command" },
    });
  });
});

describe("a report that comes again", () => {
  const head = (of: Partial<Execution>) => headOf([session()], [execution(of)]);

  it("of a start changes nothing", () => {
    const start = { type: "command/report-start", commandId: "c", attempt: 1, process: { pid: 42 } } as const;
    expect(decided(head({ status: "starting", attempt: 0 }), start)).toMatchObject({ events: [{}] });
    expect(decided(head({ status: "running", attempt: 1 }), start)).toEqual({ events: [] });
    expect(decided(head({ status: "backing_off", attempt: 1 }), start)).toEqual({ events: [] });
    expect(decided(head({ status: "succeeded", attempt: 1 }), start)).toEqual({ events: [] });
    expect(decided(head({ status: "backing_off", attempt: 1 }), { ...start, attempt: 2 })).toMatchObject({
      events: [{ type: "command/started", data: { attempt: 2 } }],
    });
  });

  it("of an end changes nothing", () => {
    expect(report({}, { status: "backing_off" })).toEqual({ events: [] });
    expect(report({}, { status: "running", attempt: 2 })).toEqual({ events: [] });
    for (const status of ["succeeded", "failed", "timed_out", "cancelled", "lost"] as const) {
      expect(report({}, { status })).toEqual({ events: [] });
    }
  });

  it("of an end is news while nothing of that try is known", () => {
    expect(typeOf(report({ attempt: 1 }, { status: "starting", attempt: 0 }))).toBe("command/retrying");
    expect(typeOf(report({ attempt: 2 }, { status: "backing_off", attempt: 1 }))).toBe("command/retrying");
  });
});

describe("the next try", () => {
  it("keeps the time of the first start, and forgets the process in between", () => {
    const stamp = { seq: 5, at: 10_000, up: 0 };
    const pausing = evolveExecution(execution(), onlyEvent(report()), stamp);
    expect(pausing).toMatchObject({
      status: "backing_off",
      cause: "exited",
      exitCode: 1,
      nextAttemptAt: 11_000,
    });
    expect(pausing?.process).toBeUndefined();
    const again = evolveExecution(
      pausing,
      {
        type: "command/started",
        sessionId: "s",
        data: { commandId: "c", attempt: 2, process: { pid: 43, startTicks: 7 } },
      },
      { seq: 6, at: 11_000, up: 0 },
    );
    expect(again).toMatchObject({
      status: "running",
      attempt: 2,
      startedAt: 2_000,
      process: { pid: 43, startTicks: 7 },
    });
    expect(again?.nextAttemptAt).toBeUndefined();
    // It tells nothing of how the first try ended.
    expect(again).toMatchObject({
      exitCode: undefined,
      signal: undefined,
      cause: undefined,
      error: undefined,
    });
  });

  it("is counted in the session", () => {
    const stamp = { seq: 5, at: 10_000, up: 0 };
    expect(evolve(session(), onlyEvent(report()), stamp)?.commands.retries).toBe(1);
  });
});
