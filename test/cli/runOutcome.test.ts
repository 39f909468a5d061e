import { describe, expect, it } from "vitest";

import type { CommandShape } from "../../client/index.js";
import { commandExitCode, commandFailure, signalExitCode } from "../../src/cli/runOutcome.js";

function command(outcome: Partial<CommandShape>): CommandShape {
  return {
    commandId: "c",
    sessionId: "s",
    argv: ["x"],
    cwd: "/",
    status: "failed",
    attempt: 1,
    maxAttempts: 1,
    createdAt: "2026-11-21T12:00:00.000Z",
    ...outcome,
  };
}

describe("commandExitCode", () => {
  it.each<[Partial<CommandShape>, number]>([
    [{ status: "succeeded", cause: "exited", exitCode: 0 }, 0],
    [{ cause: "exited", exitCode: 3 }, 3],
    [{ cause: "exited", signal: "SIGKILL" }, 137],
    [{ status: "cancelled", cause: "signalled", signal: "SIGINT" }, 130],
    [{ status: "cancelled", cause: "signalled", exitCode: 7 }, 7],
    [{ status: "timed_out", cause: "start_to_close", signal: "SIGTERM" }, 124],
    [{ cause: "start_failed" }, 127],
    [{ status: "lost", cause: "daemon_lost" }, 1],
    // It ended well, but not of itself: that is not success.
    [{ status: "cancelled", cause: "session_ended", exitCode: 0 }, 1],
  ])("for %j it is %d", (outcome, exitCode) => {
    expect(commandExitCode(command(outcome))).toBe(exitCode);
  });

  it("knows no number of a signal that there is not", () => {
    expect(signalExitCode("SIGNONE")).toBe(1);
  });
});

describe("commandFailure", () => {
  it.each<[Partial<CommandShape>, string]>([
    [{ cause: "exited", exitCode: 4, attempt: 3, durationMs: 2_900 }, "exit code 4 after 3 tries (2.9 s)"],
    [{ cause: "exited", signal: "SIGSEGV" }, "SIGSEGV"],
    [{ cause: "memory_limit", signal: "SIGKILL" }, "ended, because it took more memory than its limit"],
    [{ cause: "start_failed", error: "cannot start it" }, "cannot start it"],
    [
      { status: "timed_out", cause: "stalled" },
      "stopped, because it wrote nothing for longer than its limit",
    ],
    [{ status: "lost" }, "lost"],
  ])("for %j it is %s", (outcome, words) => {
    expect(commandFailure(command(outcome))).toBe(words);
  });
});
