import { describe, expect, it } from "vitest";

import type { Command } from "../../src/session/commands.js";
import { evolve } from "../../src/session/evolve.js";
import type { Execution } from "../../src/session/state.js";
import { commandIdOf, evolveExecution } from "../../src/session/evolveExecution.js";
import { CONFIG, decided, ended, execution, headOf, onlyEvent, session, STAMP } from "./samples.js";

function start(changes: Partial<Extract<Command, { type: "command/start" }>> = {}): Command {
  const { commandId, name, argv, cwd, token, limits, retry } = execution();
  const fields = { commandId, name, argv, cwd, token, limits, retry };
  return { type: "command/start", sessionId: "s", ...fields, ...changes };
}

const signal = (name: string): Command => ({ type: "command/signal", commandId: "c", signal: name });

function running(count: number) {
  return session({
    commands: { total: 9, running: count, succeeded: 0, failed: 0, retries: 0 },
    config: { ...CONFIG, maxRunningCommands: 2 },
  });
}

describe("command/start", () => {
  it("accepts a command, and counts it as activity", () => {
    const event = onlyEvent(decided(headOf([session()]), start({ name: "build" })));
    expect(evolveExecution(undefined, event, STAMP)).toEqual(
      execution({
        name: "build",
        createdSeq: 7,
        status: "starting",
        attempt: 0,
        process: undefined,
        createdAt: 9_000,
        startedAt: undefined,
      }),
    );
    expect(evolve(session(), event, STAMP)).toMatchObject({
      commands: { total: 1, running: 1 },
      updatedAt: 9_000,
      lastActivityAt: 9_000,
      lastActivityUp: 400,
    });
  });

  it("wants a session, and an id of its own", () => {
    expect(decided(headOf([]), start())).toMatchObject({ refusal: { type: "session_not_found" } });
    expect(decided(headOf([session()], [execution()]), start())).toMatchObject({
      refusal: { type: "command_exists", message: 'A command "c" exists already.' },
    });
  });

  it.each([
    ["paused", "session/resume makes it active"],
    ["failed", "create a new session"],
  ] as const)("is refused in a session that is %s", (status, hint) => {
    expect(decided(headOf([session({ status })]), start())).toMatchObject({
      refusal: { type: "session_not_active", hint, details: { status } },
    });
  });

  it("is refused while as many run as the session allows", () => {
    expect(decided(headOf([running(1)]), start())).toHaveProperty("events");
    expect(decided(headOf([running(2)]), start())).toMatchObject({
      refusal: {
        type: "limit_reached",
        hint: "wait for one to end, or raise config.maxRunningCommands of the session",
        details: { limit: "maxRunningCommands", bound: 2 },
      },
    });
  });

  it("is refused while as many run as the daemon allows", () => {
    const head = headOf([session()], [execution({ commandId: "other" })]);
    expect(decided(head, start(), { bounds: { maxRunning: 2 } })).toHaveProperty("events");
    expect(decided(head, start(), { bounds: { maxRunning: 1 } })).toMatchObject({
      refusal: {
        type: "limit_reached",
        hint: "wait for one to end, or raise the setting commands.maxRunning",
        details: { limit: "maxRunning", bound: 1 },
      },
    });
  });
});

describe.each(["command/signal", "command/report-start", "command/report-end"] as const)("%s", (type) => {
  it("is refused where there is no such command", () => {
    const command = { ...ended(), signal: "SIGTERM", process: { pid: 1 }, type } as Command;
    expect(decided(headOf([session()]), command)).toMatchObject({
      refusal: { type: "command_not_found", message: 'There is no command "c".' },
    });
  });
});

describe("command/signal", () => {
  const cancels = (name: string): unknown =>
    evolveExecution(execution(), onlyEvent(decided(headOf([session()], [execution()]), signal(name))), STAMP)
      ?.cancelled;

  it.each(["SIGTERM", "SIGINT", "SIGKILL", "SIGQUIT", "SIGHUP"])("%s ends the retries", (name) => {
    expect(cancels(name)).toBe(true);
  });

  it.each(["SIGUSR1", "SIGUSR2", "SIGSTOP", "SIGCONT", "SIGWINCH"])("%s does not", (name) => {
    expect(cancels(name)).toBe(false);
  });

  it("that ends nothing is refused between two tries, when there is no process for it", () => {
    const at = (status: Execution["status"]) => headOf([session()], [execution({ status })]);
    expect(decided(at("backing_off"), signal("SIGUSR1"))).toMatchObject({
      refusal: { type: "invalid_transition", message: expect.stringContaining("SIGUSR1") as string },
    });
    for (const status of ["starting", "running"] as const)
      expect(decided(at(status), signal("SIGUSR1"))).toMatchObject({
        events: [{ data: { cancels: false } }],
      });
  });

  it.each(["starting", "running", "backing_off"] as const)("reaches a command that is %s", (status) => {
    expect(decided(headOf([session()], [execution({ status })]), signal("SIGTERM"))).toMatchObject({
      events: [{ type: "command/signalled", sessionId: "s", data: { cancels: true } }],
    });
  });

  it("reaches the commands of a session that is paused or has ended", () => {
    for (const status of ["paused", "completed"] as const) {
      const head = headOf([session({ status })], [execution()]);
      expect(decided(head, signal("SIGTERM"))).toHaveProperty("events");
    }
  });
});

describe("command/report-start", () => {
  it("keeps the process, and the time of the first start", () => {
    const starting = execution({ status: "starting", attempt: 0, process: undefined, startedAt: undefined });
    const process = { pid: 42, startTicks: 7, bootId: "boot" };
    const command = { type: "command/report-start", commandId: "c", attempt: 1, process } as const;
    expect(
      evolveExecution(starting, onlyEvent(decided(headOf([session()], [starting]), command)), STAMP),
    ).toEqual(execution({ process, startedAt: 9_000 }));
  });
});

describe("the end of a command in its session", () => {
  const end = (exitCode: number) =>
    onlyEvent(
      decided(
        headOf([session()], [execution()]),
        ended({ outcome: { cause: "exited", exitCode }, retryable: false }),
      ),
    );

  it("is counted as success or as failure, and as an invocation of its program", () => {
    expect(evolve(running(1), end(0), STAMP)).toMatchObject({
      commands: { total: 9, running: 0, succeeded: 1, failed: 0 },
      totals: { invocations: 1, durationMs: 8_000, toolsUsed: { make: 1 } },
    });
    expect(evolve(running(1), end(1), STAMP)).toMatchObject({
      commands: { running: 0, succeeded: 0, failed: 1 },
    });
  });

  it("is activity while the session is active, and only then", () => {
    expect(evolve(running(1), end(0), STAMP)).toMatchObject({ lastActivityAt: 9_000, updatedAt: 9_000 });
    for (const status of ["paused", "failed"] as const) {
      expect(evolve({ ...running(1), status }, end(0), STAMP)).toMatchObject({
        lastActivityAt: 1_000,
        updatedAt: 1_000,
        commands: { running: 0 },
      });
    }
  });

  it("leaves the command with its outcome, its sizes, and the process that it was", () => {
    expect(evolveExecution(execution({ nextAttemptAt: 5 }), end(0), STAMP)).toEqual(
      execution({
        status: "succeeded",
        cause: "exited",
        exitCode: 0,
        endedAt: 9_000,
        stdoutBytes: 10,
        stderrBytes: 20,
      }),
    );
  });
});

describe("events about something else", () => {
  const touched = { type: "session/touched", sessionId: "s", data: {} } as const;
  const started = {
    type: "command/started",
    sessionId: "s",
    data: { commandId: "c", attempt: 2, process: { pid: 1 } },
  } as const;

  it("leave a command as it is", () => {
    const one = execution();
    expect(evolveExecution(one, touched, STAMP)).toBe(one);
    expect(evolveExecution(undefined, touched, STAMP)).toBeUndefined();
  });

  it("say what keeps the try, unless an earlier version wrote them", () => {
    const kept = { ...started, data: { ...started.data, supervision: "sh" } } as const;
    expect(evolveExecution(execution(), kept, STAMP)).toMatchObject({ supervision: "sh" });
    const reported = {
      type: "command/report-start",
      commandId: "c",
      attempt: 2,
      process: { pid: 1 },
    } as const;
    const waiting = headOf([session()], [execution({ status: "backing_off" })]);
    expect(onlyEvent(decided(waiting, { ...reported, supervision: "sh" }))).toEqual(kept);
    expect(onlyEvent(decided(waiting, reported))).toEqual(started);
    expect(evolveExecution(execution({ supervision: "sh" }), started, STAMP)?.supervision).toBeUndefined();
  });

  it("make no command and no session out of nothing", () => {
    expect(evolveExecution(undefined, started, STAMP)).toBeUndefined();
    expect(evolve(undefined, started, STAMP)).toBeUndefined();
    expect(evolve(undefined, touched, STAMP)).toBeUndefined();
  });

  it("leave a session as it is when a try begins or a signal is sent", () => {
    const one = session();
    const signalled = {
      type: "command/signalled",
      sessionId: "s",
      data: { commandId: "c", signal: "SIGHUP", cancels: true },
    } as const;
    expect(evolve(one, started, STAMP)).toBe(one);
    expect(evolve(one, signalled, STAMP)).toBe(one);
  });

  it("name their command where they have one", () => {
    expect(commandIdOf(started)).toBe("c");
    expect(commandIdOf(touched)).toBeUndefined();
  });
});
