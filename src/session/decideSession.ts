import { bind, endByProcess, unbind, unboundByEnd } from "./binding.js";
import type { Bounds, Command, Moment } from "./commands.js";
import { cloneSession, create, importSession } from "./decideBirth.js";
import { decideShelf, inTrash } from "./decideShelf.js";
import { appendMessage } from "./decideMessage.js";
import type { Decision, Head } from "./decision.js";
import { happened, NOTHING, refuse, sessionNotActive, sessionNotFound } from "./decision.js";
import type { SessionEvent } from "./events.js";
import { abandonRunning } from "./invocation.js";
import { faultOfDetails, faultOfEntry, faultOfMetadata } from "./metadata.js";
import { claim, lapse, release, releasedByEnd } from "./lease.js";
import { mergeSettings } from "./settings.js";
import type { Session } from "./state.js";
import type { Move } from "./transitions.js";
import { MOVES_IN_TRASH, statusAfter } from "./transitions.js";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;
type SessionCommand = Extract<
  Command,
  { type: `session/${string}` | `message/${string}` | `metadata/${string}` }
>;

/** What makes a session has none yet to move. */
type Birth = "session/create" | "session/clone" | "session/import";

/** What lets a lease go may come at any time, also when the session has ended. */
type Farewell = "session/release" | "session/lapse" | "session/process-gone";

const MOVES: Readonly<Record<Exclude<SessionCommand["type"], Birth | Farewell | "session/end">, Move>> = {
  "session/update": "edit",
  "session/touch": "work",
  "session/record": "work",
  "message/append": "work",
  "metadata/set": "edit",
  "metadata/delete": "edit",
  "session/pause": "pause",
  "session/resume": "resume",
  "session/expire": "expire",
  "session/claim": "edit",
  "session/bind": "edit",
  "session/unbind": "edit",
  "session/pin": "pin",
  "session/unpin": "pin",
  "session/archive": "archive",
  "session/unarchive": "unarchive",
  "session/trash": "trash",
  "session/untrash": "untrash",
  "session/delete": "delete",
};

/** What can be done with a session only when it has ended. */
const MOVES_OF_ENDED: ReadonlySet<Move> = new Set<Move>([
  "archive",
  "unarchive",
  "trash",
  "untrash",
  "delete",
]);

const END_MOVES = { completed: "complete", failed: "fail", abandoned: "abandon" } as const;

/** Decides what is asked of a session. */
export function decideSession(head: Head, command: SessionCommand, moment: Moment, bounds: Bounds): Decision {
  if (command.type === "session/create") return create(head, command, bounds);
  if (command.type === "session/clone") return cloneSession(head, command, bounds);
  if (command.type === "session/import") return importSession(head, command, bounds);
  const session = head.session(command.sessionId);
  if (session === undefined) return sessionNotFound(command.sessionId);
  if (command.type === "session/release") return release(session, command);
  if (command.type === "session/lapse") return lapse(session, command);
  if (command.type === "session/process-gone") return processGone(head, session, command, moment);
  const move = command.type === "session/end" ? END_MOVES[command.status] : MOVES[command.type];
  if (statusAfter(session.status, move) === undefined) return notAllowed(session, move);
  if (session.deletedAt !== undefined && !MOVES_IN_TRASH.has(move)) return inTrash(session, move);
  switch (command.type) {
    case "session/update":
      return update(session, command, bounds);
    case "session/touch":
      return happened({ type: "session/touched", sessionId: session.sessionId, data: {} });
    case "session/record":
      return record(session, command, bounds);
    case "message/append":
      return appendMessage(session, command, bounds);
    case "session/claim":
      return claim(session, command);
    case "session/bind":
      return bind(session, command);
    case "session/unbind":
      return unbind(session);
    case "metadata/set":
      return setMetadata(session, command, bounds);
    case "metadata/delete":
      if (!Object.hasOwn(session.metadata, command.key)) return NOTHING;
      return happened({ type: "metadata/deleted", sessionId: session.sessionId, data: { key: command.key } });
    case "session/pause":
    case "session/resume":
    case "session/end":
    case "session/expire":
      return changeStatus(head, session, command, moment);
    default:
      return decideShelf(session, command);
  }
}

function update(session: Session, command: Of<"session/update">, bounds: Bounds): Decision {
  const { type: _, sessionId, config: patch, ...fields } = command;
  const merged = fields.metadata === undefined ? undefined : { ...session.metadata, ...fields.metadata };
  const fault = merged === undefined ? undefined : faultOfMetadata(merged, bounds);
  if (fault !== undefined) return fault;
  const config = patch === undefined ? undefined : mergeSettings(session.config, patch);
  const changes = { ...fields, config };
  if (Object.values(changes).every((value) => value === undefined)) return NOTHING;
  return happened({ type: "session/updated", sessionId, data: changes });
}

function record(session: Session, command: Of<"session/record">, bounds: Bounds): Decision {
  const { kind, action, details, usage } = command;
  const { sessionId } = session;
  return (
    faultOfDetails(details, bounds, "details of an activity") ??
    happened({ type: "activity/recorded", sessionId, data: { kind, action, details, usage } })
  );
}

function setMetadata(session: Session, command: Of<"metadata/set">, bounds: Bounds): Decision {
  const { sessionId, key, value } = command;
  return (
    faultOfEntry(session, key, value, bounds) ??
    happened({ type: "metadata/set", sessionId, data: { key, value } })
  );
}

function changeStatus(
  head: Head,
  session: Session,
  command: Of<"session/pause" | "session/resume" | "session/end" | "session/expire">,
  { at }: Moment,
): Decision {
  const { sessionId } = session;
  switch (command.type) {
    case "session/pause":
      if (session.status === "paused") return NOTHING;
      return happened({ type: "session/paused", sessionId, data: { reason: command.reason } });
    case "session/resume":
      if (session.status === "active") return NOTHING;
      return happened({ type: "session/resumed", sessionId, data: {} });
    case "session/end":
      if (session.status === command.status) return NOTHING;
      return ended(head, session, { status: command.status, reason: command.reason }, at);
    case "session/expire": {
      const reason = `${command.limit} limit of ${command.afterMs} ms`;
      return ended(head, session, { status: "timed_out", reason }, at);
    }
  }
}

/** Its process is gone: so is the session, unless somebody was faster. */
function processGone(
  head: Head,
  session: Session,
  command: Of<"session/process-gone">,
  { at }: Moment,
): Decision {
  const end = endByProcess(session, command);
  return end === undefined ? NOTHING : ended(head, session, end.ending, at, [end.unbound]);
}

/** What runs in it and its lease end in the same record, before it: after the end nothing more is heard of them. */
function ended(
  head: Head,
  session: Session,
  data: Extract<SessionEvent, { type: "session/ended" }>["data"],
  at: number,
  unbound = unboundByEnd(session),
): Decision {
  const { sessionId } = session;
  return happened(...unbound, ...abandonRunning(head, session, at), ...releasedByEnd(session), {
    type: "session/ended",
    sessionId,
    data,
  });
}

function notAllowed(session: Session, move: Move): Decision {
  const { sessionId, status } = session;
  if (move === "work" || move === "edit") return sessionNotActive(session);
  const hint = MOVES_OF_ENDED.has(move) ? "end it first with session/end" : undefined;
  return refuse("invalid_transition", `Session "${sessionId}" is ${status}: it cannot ${move}.`, {
    ...(hint === undefined ? {} : { hint }),
    details: { status },
  });
}
