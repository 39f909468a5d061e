import { constants } from "node:os";

import type { CommandShape } from "../../client/index.js";
import { EXIT } from "./exitCodes.js";
import { counted, duration } from "./humane.js";

/** The exit code of `run` for a command that has ended: its own, or what a shell would say in its place. */
export function commandExitCode({ status, cause, exitCode, signal }: CommandShape): number {
  if (status === "succeeded") return EXIT.ok;
  if (cause === "start_failed") return EXIT.notStarted;
  if (status === "timed_out") return EXIT.timedOut;
  if (signal !== undefined) return signalExitCode(signal);
  return exitCode === undefined || exitCode === 0 ? EXIT.failure : exitCode;
}

/** What a shell answers for a program that a signal ended. */
export function signalExitCode(signal: string): number {
  const number = (constants.signals as Readonly<Record<string, number>>)[signal];
  return number === undefined ? EXIT.failure : 128 + number;
}

const CAUSES: Readonly<Record<NonNullable<CommandShape["cause"]>, string>> = {
  exited: "ended",
  start_failed: "the command could not be started",
  start_to_close: "stopped, because it took longer than its limit",
  schedule_to_close: "stopped, because all tries together took longer than their limit",
  stalled: "stopped, because it wrote nothing for longer than its limit",
  output_limit: "stopped, because it wrote more than its limit",
  memory_limit: "ended, because it took more memory than its limit",
  process_limit: "stopped, because it had more processes than its limit",
  cpu_limit: "stopped, because it used more of the processor than its limit",
  signalled: "stopped by a signal",
  session_ended: "stopped, because its session ended",
  daemon_stopped: "stopped, because the daemon was stopped",
  daemon_lost: "lost, because the daemon ended unexpectedly",
};

/** How a command ended, for people: `exit code 4 after 3 tries (2.9 s)`. */
export function commandFailure(command: CommandShape): string {
  const { cause = "exited", attempt, error, exitCode, signal, durationMs } = command;
  if (error !== undefined) return error;
  const result = signal ?? (exitCode === undefined ? undefined : `exit code ${exitCode}`);
  const words = cause === "exited" ? (result ?? command.status) : CAUSES[cause];
  const tries = attempt > 1 ? ` after ${counted(attempt, "try", "tries")}` : "";
  const took = durationMs === undefined ? "" : ` (${duration(durationMs)})`;
  return `${words}${tries}${took}`;
}
