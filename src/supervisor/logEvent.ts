import type { SessionEvent } from "../session/events.js";
import type { Session } from "../session/state.js";
import type { SupervisorLog } from "./options.js";

/** What the log says of each event that is worth a line; the others are told at debug level. */
const MESSAGES: Readonly<Partial<Record<SessionEvent["type"], string>>> = {
  "session/created": "Session created",
  "session/cloned": "Session cloned",
  "session/imported": "Session imported",
  "session/paused": "Session paused",
  "session/resumed": "Session resumed",
  "session/ended": "Session ended",
  "session/claimed": "Session claimed",
  "session/released": "Session released",
  "session/bound": "Session bound to a process",
  "session/unbound": "Session no longer bound to its process",
  "session/archived": "Session archived",
  "session/unarchived": "Session brought back from the archive",
  "session/trashed": "Session put into the trash",
  "session/untrashed": "Session taken out of the trash",
  "session/pinned": "Session pinned",
  "session/unpinned": "Session no longer pinned",
  "session/deleted": "Session deleted",
  "invocation/started": "Invocation started",
  "invocation/finished": "Invocation ended",
  "invocation/linked": "Invocation linked",
  "checkpoint/created": "Checkpoint made",
  "checkpoint/restored": "Checkpoint restored",
  "checkpoint/deleted": "Checkpoint deleted",
  "command/accepted": "Command accepted",
  "command/started": "Command started",
  "command/retrying": "Command failed and will be tried again",
  "command/stalled": "Command shows no sign of life",
  "command/recovered": "Command shows signs of life again",
  "command/signalled": "Command signalled",
  "command/ended": "Command ended",
};

/** Writes an event to the log of its session, as the session's own settings have it. */
export function logEvent(
  sessionLog: (session: Session) => SupervisorLog,
  session: Session,
  event: SessionEvent,
): void {
  const { logging } = session.config;
  const message = MESSAGES[event.type];
  const isDetailed = logging.level === "debug" || logging.level === "trace";
  // Looked at first, because a logger for a session costs more than most events.
  if (!logging.enabled || (message === undefined && !isDetailed)) return;
  const fields = { event: event.type.replace("/", "."), ...facts(event) };
  const log = sessionLog(session);
  if (message === undefined) log.debug(fields, event.type);
  else if (isTrouble(event)) log.warn(fields, message);
  else log.info(fields, message);
}

/** What a reader of the log needs to know of an event; bodies and values stay out of it. */
function facts(event: SessionEvent): object {
  switch (event.type) {
    case "session/created":
    case "session/cloned":
    case "session/imported":
      return { sessionName: event.data.name };
    case "session/ended":
      return { status: event.data.status, reason: event.data.reason };
    case "session/claimed":
      return { epoch: event.data.epoch, holder: event.data.holder };
    case "session/released":
      return { epoch: event.data.epoch, reason: event.data.reason };
    case "session/bound":
      return { boundPid: event.data.pid, processName: event.data.name };
    case "session/unbound": {
      const { pid: boundPid, reason, exitCode, signal } = event.data;
      return { boundPid, reason, exitCode, signal };
    }
    case "command/stalled":
    case "command/recovered":
      return event.data;
    case "invocation/started":
      return { invocationId: event.data.invocationId, tool: event.data.tool };
    case "invocation/finished":
    case "invocation/linked": {
      const { invocationId, tool, status, durationMs, error } = event.data;
      return { invocationId, tool, status, durationMs, error };
    }
    case "checkpoint/created":
    case "checkpoint/deleted":
      return { checkpointId: event.data.checkpointId };
    case "checkpoint/restored":
      return { checkpointId: event.data.checkpointId, status: event.data.value.status };
    case "command/accepted":
      return { commandId: event.data.commandId, program: event.data.argv[0] };
    case "command/started":
      return {
        commandId: event.data.commandId,
        attempt: event.data.attempt,
        commandPid: event.data.process.pid,
      };
    case "command/retrying":
    case "command/ended": {
      const { commandId, cause, exitCode, signal, error } = event.data;
      return { commandId, cause, exitCode, signal, error };
    }
    case "command/signalled":
      return { commandId: event.data.commandId, signal: event.data.signal };
    default:
      return {};
  }
}

function isTrouble(event: SessionEvent): boolean {
  if (event.type === "session/ended") return event.data.status !== "completed";
  if (event.type === "invocation/finished" || event.type === "invocation/linked")
    return event.data.status !== "succeeded";
  if (event.type === "command/ended") return event.data.status !== "succeeded";
  return event.type === "command/retrying" || event.type === "command/stalled";
}
