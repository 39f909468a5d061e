import type { AcceptedFields, Event, ImportedExecution, Stamp } from "./events.js";
import type { Execution } from "./state.js";

type AskedField =
  "commandId" | "name" | "argv" | "cwd" | "token" | "limits" | "retry" | "mergeStderr" | "openStdin";

/** Of a command whose try has not ended. */
const NO_OUTCOME = {
  exitCode: undefined,
  signal: undefined,
  cause: undefined,
  error: undefined,
  nextAttemptAt: undefined,
  refusedForks: undefined,
  stalled: undefined,
} as const;

/**
 * The command after an event, as a new object. Events that are not about a command leave it as it is.
 */
export function evolveExecution(
  execution: Execution | undefined,
  event: Event,
  stamp: Stamp,
): Execution | undefined {
  if (event.type === "command/accepted") return accepted(event.sessionId, event.data, stamp);
  if (event.type === "command/imported") return imported(event.sessionId, event.data, stamp);
  if (execution === undefined) return undefined;
  switch (event.type) {
    case "command/started": {
      const { attempt, process, supervision, holding } = event.data;
      const startedAt = execution.startedAt ?? stamp.at;
      const begun = { attempt, process, supervision, holding, startedAt };
      // How the try before it ended says nothing about this one.
      return { ...execution, ...NO_OUTCOME, status: "running", ...begun };
    }
    case "command/retrying": {
      const { attempt, nextAttemptAt, cause, exitCode, signal, error, refusedForks } = event.data;
      const last = { attempt, nextAttemptAt, cause, exitCode, signal, error, refusedForks };
      return { ...execution, ...last, status: "backing_off", process: undefined, stalled: undefined };
    }
    case "command/stalled": {
      const { since, outputBytes } = event.data;
      return { ...execution, stalled: { since, outputBytes } };
    }
    case "command/recovered":
      return { ...execution, stalled: undefined };
    case "command/signalled":
      return event.data.cancels ? { ...execution, cancelled: true } : execution;
    case "command/ended": {
      const { status, cause, exitCode, signal, error, stdoutBytes, stderrBytes, refusedForks } = event.data;
      const told = { status, cause, exitCode, signal, error, stdoutBytes, stderrBytes, refusedForks };
      const outcome = { ...told, stalled: undefined };
      // Its process is kept: what it left behind in its group may have to be found after a crash.
      return { ...execution, ...outcome, nextAttemptAt: undefined, endedAt: event.data.endedAt ?? stamp.at };
    }
    default:
      return execution;
  }
}

/** What was asked for, named one by one: what JSON left out, because it had no value, has none again. */
function asked(
  sessionId: string,
  fields: Pick<AcceptedFields, AskedField>,
  createdSeq: number,
): Pick<Execution, AskedField | "sessionId" | "createdSeq"> {
  const { commandId, name, argv, cwd, token, limits, retry, mergeStderr, openStdin } = fields;
  const always = { commandId, sessionId, createdSeq, name, argv, cwd, token, limits, retry };
  return {
    ...always,
    ...(mergeStderr === undefined ? {} : { mergeStderr }),
    ...(openStdin === undefined ? {} : { openStdin }),
  };
}

function accepted(sessionId: string, fields: AcceptedFields, { seq, at }: Stamp): Execution {
  return {
    ...asked(sessionId, fields, seq),
    status: "starting",
    attempt: 0,
    process: undefined,
    cancelled: false,
    ...NO_OUTCOME,
    holding: undefined,
    createdAt: at,
    startedAt: undefined,
    endedAt: undefined,
    stdoutBytes: undefined,
    stderrBytes: undefined,
  };
}

/** It ended elsewhere; again each field is named. */
function imported(sessionId: string, fields: ImportedExecution, { seq }: Stamp): Execution {
  return {
    ...asked(sessionId, fields, seq),
    status: fields.status,
    attempt: fields.attempt,
    // It ran elsewhere: a process here that had its pid would be another one.
    process: undefined,
    supervision: fields.supervision,
    cancelled: fields.cancelled,
    exitCode: fields.exitCode,
    signal: fields.signal,
    cause: fields.cause,
    error: fields.error,
    holding: fields.holding,
    refusedForks: fields.refusedForks,
    createdAt: fields.createdAt,
    startedAt: fields.startedAt,
    endedAt: fields.endedAt,
    nextAttemptAt: undefined,
    stalled: undefined,
    stdoutBytes: fields.stdoutBytes,
    stderrBytes: fields.stderrBytes,
  };
}

/** The id of the command that an event is about, if any. */
export function commandIdOf(event: Event): string | undefined {
  return "commandId" in event.data && typeof event.data.commandId === "string"
    ? event.data.commandId
    : undefined;
}
