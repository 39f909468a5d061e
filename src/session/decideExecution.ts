import { pauseMs } from "./backoff.js";
import type { Bounds, Command, Moment } from "./commands.js";
import type { Decision, Head } from "./decision.js";
import {
  commandNotFound,
  happened,
  limitReached,
  NOTHING,
  refuse,
  sessionNotActive,
  sessionNotFound,
} from "./decision.js";
import type { Event, Outcome } from "./events.js";
import { reportRecovery, reportStall, stallOf } from "./stall.js";
import type { Execution, ExecutionStatus, Session } from "./state.js";
import { isOver } from "./state.js";
import { statusAfter } from "./transitions.js";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;
type ExecutionCommand = Extract<Command, { type: `command/${string}` }>;

/** Signals that ask a process to end: after one of them there is no further try. */
export const ENDING_SIGNALS: ReadonlySet<string> = new Set([
  "SIGTERM",
  "SIGINT",
  "SIGKILL",
  "SIGQUIT",
  "SIGHUP",
]);

/** Decides what is asked of a command, and what its process reports. */
export function decideExecution(
  head: Head,
  command: ExecutionCommand,
  moment: Moment,
  bounds: Bounds,
): Decision {
  if (command.type === "command/start") return start(head, command, bounds);
  const execution = head.execution(command.commandId);
  if (execution === undefined) return commandNotFound(command.commandId);
  switch (command.type) {
    case "command/signal":
      return signal(execution, command);
    case "command/report-start":
      return reportStart(execution, command);
    case "command/report-end":
      return reportEnd(head, execution, command, moment);
    case "command/report-stall":
      return reportStall(execution, command);
    case "command/report-recovery":
      return reportRecovery(execution, command, moment.at);
  }
}

function start(head: Head, command: Of<"command/start">, bounds: Bounds): Decision {
  const { type: _, sessionId, ...fields } = command;
  const session = head.session(sessionId);
  if (session === undefined) return sessionNotFound(sessionId);
  if (statusAfter(session.status, "work") === undefined) return sessionNotActive(session);
  if (head.execution(fields.commandId) !== undefined) {
    const message = `A command "${fields.commandId}" exists already.`;
    return refuse("command_exists", message, { hint: "leave commandId out to get a new id" });
  }
  return tooMany(head, session, bounds) ?? happened({ type: "command/accepted", sessionId, data: fields });
}

function tooMany(head: Head, session: Session, bounds: Bounds): Decision | undefined {
  const bound = session.config.maxRunningCommands;
  const hint = "wait for one to end, or raise";
  if (session.commands.running >= bound) {
    const message = `Session "${session.sessionId}" runs ${bound} commands already.`;
    return limitReached(
      "maxRunningCommands",
      bound,
      message,
      `${hint} config.maxRunningCommands of the session`,
    );
  }
  if (head.liveCount >= bounds.maxRunning) {
    const message = `${bounds.maxRunning} commands run already.`;
    return limitReached("maxRunning", bounds.maxRunning, message, `${hint} the setting commands.maxRunning`);
  }
  return undefined;
}

function signal(execution: Execution, command: Of<"command/signal">): Decision {
  const { commandId, sessionId, status } = execution;
  if (isOver(status)) {
    const message = `Command "${commandId}" has ended (${status}): there is nothing to signal.`;
    return refuse("invalid_transition", message, { details: { status } });
  }
  const cancels = ENDING_SIGNALS.has(command.signal);
  if (status === "backing_off" && !cancels) {
    const message = `Command "${commandId}" pauses before its next try: no process is there to get ${command.signal}.`;
    const hint = "send it once the command runs, or end the command with SIGTERM";
    return refuse("invalid_transition", message, { hint, details: { status } });
  }
  return happened({
    type: "command/signalled",
    sessionId,
    data: { commandId, signal: command.signal, cancels },
  });
}

function reportStart(execution: Execution, command: Of<"command/report-start">): Decision {
  const { commandId, sessionId, status } = execution;
  const isNews =
    (status === "starting" || status === "backing_off") && command.attempt === execution.attempt + 1;
  if (!isNews) return NOTHING;
  const { attempt, process, supervision, holding } = command;
  const told = {
    ...(supervision === undefined ? {} : { supervision }),
    ...(holding === undefined ? {} : { holding }),
  };
  const data = { commandId, attempt, process, ...told };
  return happened({ type: "command/started", sessionId, data });
}

function reportEnd(
  head: Head,
  execution: Execution,
  command: Of<"command/report-end">,
  moment: Moment,
): Decision {
  const { commandId, sessionId } = execution;
  // A report may come twice. While a try runs, its own end is news; else only the end of a later try is.
  const newsFrom = execution.status === "running" ? execution.attempt : execution.attempt + 1;
  if (isOver(execution.status) || command.attempt < newsFrom) return NOTHING;
  const { outcome, attempt, stdoutBytes, stderrBytes } = command;
  const pause = nextPause(head, execution, command, moment);
  if (pause !== undefined) {
    const nextAttemptAt = moment.at + pause;
    return happened({
      type: "command/retrying",
      sessionId,
      data: { ...outcome, commandId, attempt, nextAttemptAt },
    });
  }
  const endedAt = endOf(execution, command, moment);
  const ended: Event = {
    type: "command/ended",
    sessionId,
    data: {
      ...outcome,
      commandId,
      status: finalStatus(execution, outcome),
      durationMs: execution.startedAt === undefined ? 0 : Math.max(0, endedAt - execution.startedAt),
      tool: programName(execution.argv),
      ...(endedAt === moment.at ? {} : { endedAt }),
      stdoutBytes,
      stderrBytes,
    },
  };
  return happened(ended);
}

/** When a try ended: now, or earlier where nobody was there to see it, and not before it began. */
function endOf({ startedAt }: Execution, { endedAt }: Of<"command/report-end">, { at }: Moment): number {
  return endedAt === undefined ? at : Math.min(at, Math.max(endedAt, startedAt ?? at));
}

/** How long to pause before the next try, or undefined where there is none. */
function nextPause(
  head: Head,
  execution: Execution,
  { outcome, attempt, retryable, chance }: Of<"command/report-end">,
  moment: Moment,
): number | undefined {
  const { retry, limits } = execution;
  if (!retryable || execution.cancelled || attempt >= retry.maxAttempts) return undefined;
  const status = finalStatus(execution, outcome);
  const isAgain = status === "failed" || isTryLimit(execution, outcome);
  if (status === "lost" ? retry.onLost !== "retry" : !isAgain) return undefined;
  if (outcome.exitCode !== undefined && retry.nonRetryableExitCodes.includes(outcome.exitCode))
    return undefined;
  if (head.session(execution.sessionId)?.status !== "active") return undefined;
  const pause = pauseMs(retry, attempt, chance);
  const closesAt = execution.createdAt + limits.scheduleToCloseMs;
  return limits.scheduleToCloseMs > 0 && moment.at + pause >= closesAt ? undefined : pause;
}

/** Limits that end one try, and leave the next one its chance. */
function isTryLimit({ limits }: Execution, { cause }: Outcome): boolean {
  // Here and not in who stops it, so that a daemon that finds it stopped after a crash comes to the same.
  return cause === "start_to_close" || (cause === "stalled" && stallOf(limits)?.action !== "stop");
}

function finalStatus(execution: Execution, outcome: Outcome): ExecutionStatus {
  switch (outcome.cause) {
    case "exited":
      if (outcome.exitCode === 0) return "succeeded";
      return execution.cancelled ? "cancelled" : "failed";
    case "signalled":
    case "session_ended":
    case "daemon_stopped":
      return "cancelled";
    case "daemon_lost":
      return "lost";
    case "start_to_close":
    case "schedule_to_close":
    case "stalled":
      return "timed_out";
    case "start_failed":
    case "output_limit":
    case "memory_limit":
    case "process_limit":
    case "cpu_limit":
      return execution.cancelled ? "cancelled" : "failed";
  }
}

function programName(argv: readonly string[]): string {
  const program = argv[0] ?? "";
  const name = program.slice(program.lastIndexOf("/") + 1);
  return name === "" || name.length > 256 ? "command" : name;
}
