import { bindingAfter, bindingOf } from "./binding.js";
import { growthBy, lengthOfEntry } from "./metadata.js";
import { cloned, created, imported } from "./evolveBirth.js";
import { evolveCheckpoint } from "./evolveCheckpoint.js";
import type { Event, Stamp, UpdatedFields } from "./events.js";
import { letGo } from "./lease.js";
import { countInvocation } from "./invocation.js";
import { shelved } from "./evolveShelf.js";
import { stallsAfter } from "./stall.js";
import type { Session } from "./state.js";
import { addUsage } from "./totals.js";
import { released } from "./workspace.js";

/**
 * The session after an event, as a new object; undefined after its deletion. Replay runs nothing but this,
 * so it takes every event that was ever journaled and never refuses one.
 */
export function evolve(session: Session | undefined, event: Event, stamp: Stamp): Session | undefined {
  if (event.type === "session/created") return created(event.sessionId, event.data, stamp);
  if (event.type === "session/cloned") return cloned(event.sessionId, event.data, stamp);
  if (event.type === "session/imported") return imported(event.sessionId, event.data, stamp);
  if (session === undefined || event.type === "session/deleted") return undefined;
  switch (event.type) {
    case "session/updated":
      return active(session, updated(session, event.data), stamp);
    case "session/touched":
      return active(session, undefined, stamp);
    case "session/paused":
      return { ...session, status: "paused", updatedAt: stamp.at };
    case "session/resumed":
      return active(session, { status: "active" }, stamp);
    case "session/ended": {
      const { status, reason } = event.data;
      return { ...session, status, endReason: reason, endedAt: stamp.at, updatedAt: stamp.at };
    }
    case "session/claimed":
      return active(session, { lease: { ...event.data, claimedAt: stamp.at, isHeld: true } }, stamp);
    case "session/released":
      return { ...session, lease: letGo(session.lease, event.data.epoch), updatedAt: stamp.at };
    case "session/archived":
    case "session/unarchived":
    case "session/trashed":
    case "session/untrashed":
    case "session/pinned":
    case "session/unpinned":
      return { ...session, ...shelved(event.type, stamp), updatedAt: stamp.at };
    case "activity/recorded": {
      const totals = addUsage(session.totals, event.data.usage);
      const counted = { activities: session.activities + 1, totals };
      // What came with an import is history: nobody is active in the session now.
      return event.data.at === undefined ? active(session, counted, stamp) : { ...session, ...counted };
    }
    case "message/appended": {
      const { index, usage } = event.data;
      const { count, hidden } = session.conversation;
      const conversation = { count: count + 1, appended: index, hidden };
      return active(session, { conversation, totals: addUsage(session.totals, usage) }, stamp);
    }
    case "workspace/released": {
      const { outcome, reason } = event.data;
      return { ...session, workspace: released(session, outcome, reason), updatedAt: stamp.at };
    }
    case "invocation/started":
    case "invocation/linked":
      return active(session, countInvocation(session, event), stamp);
    case "invocation/finished": {
      const counted = countInvocation(session, event);
      // Where somebody says how it went, that is activity; that nobody will is none.
      const isWork = session.status === "active" && event.data.status !== "abandoned";
      return isWork ? active(session, counted, stamp) : { ...session, ...counted };
    }
    case "metadata/set":
      return metadataSet(session, event.data.key, event.data.value, stamp);
    case "metadata/deleted":
      return active(session, metadataDeleted(session, event.data.key), stamp);
    case "checkpoint/created":
    case "checkpoint/restored":
    case "checkpoint/deleted":
      return evolveCheckpoint(session, event, stamp);
    default:
      return evolveProcesses(session, event, stamp);
  }
}

/** What the events of its processes do to a session: of the one that it is bound to, and of those of its commands. */
function evolveProcesses(session: Session, event: Event, stamp: Stamp): Session {
  switch (event.type) {
    case "session/bound":
      return active(session, { binding: bindingOf(event.data, stamp.at) }, stamp);
    case "session/unbound":
      return {
        ...session,
        binding: bindingAfter(session.binding, event.data, stamp.at),
        updatedAt: stamp.at,
      };
    default:
      return countCommand(stallsAfter(session, event), event, stamp);
  }
}

/** The session with what changed, and with activity in it at this moment. */
function active(session: Session, changes: Partial<Session> | undefined, { at, up }: Stamp): Session {
  return { ...session, ...changes, updatedAt: at, lastActivityAt: at, lastActivityUp: up };
}

function updated(session: Session, fields: UpdatedFields): Partial<Session> {
  const set = <T>(given: T | null | undefined, kept: T | undefined): T | undefined =>
    given === undefined ? kept : (given ?? undefined);
  const metadata =
    fields.metadata === undefined ? session.metadata : { ...session.metadata, ...fields.metadata };
  let metadataLength = 0;
  for (const [key, value] of Object.entries(metadata)) metadataLength += lengthOfEntry(key, value);
  return {
    name: set(fields.name, session.name),
    purpose: set(fields.purpose, session.purpose),
    description: set(fields.description, session.description),
    userId: set(fields.userId, session.userId),
    workingDirectory: fields.workingDirectory ?? session.workingDirectory,
    tags: fields.tags ?? session.tags,
    environment: fields.environment ?? session.environment,
    config: fields.config ?? session.config,
    metadata,
    metadataLength,
  };
}

/** The way of every `metadata/set`, hence without `active` and its spreads. */
function metadataSet(
  session: Session,
  key: string,
  value: Session["metadata"][string],
  stamp: Stamp,
): Session {
  const next = copyOf(session);
  next.metadata = Object.hasOwn(session.metadata, key)
    ? replacedEntry(session.metadata, key, value)
    : { ...session.metadata, [key]: value };
  next.metadataLength = session.metadataLength + growthBy(session, key, value);
  next.updatedAt = stamp.at;
  next.lastActivityAt = stamp.at;
  next.lastActivityUp = stamp.up;
  return next;
}

/** Assigned, which is faster than a computed key, and which for `__proto__` only a known key may be. */
function replacedEntry(
  metadata: Session["metadata"],
  key: string,
  value: Session["metadata"][string],
): Session["metadata"] {
  const next = { ...metadata };
  next[key] = value;
  return next;
}

/** A copy that may still be changed. Field by field, because a spread of so many costs much more. */
function copyOf(session: Session): { -readonly [K in keyof Session]: Session[K] } {
  return {
    sessionId: session.sessionId,
    createdSeq: session.createdSeq,
    status: session.status,
    name: session.name,
    purpose: session.purpose,
    description: session.description,
    userId: session.userId,
    parentId: session.parentId,
    workingDirectory: session.workingDirectory,
    workspace: session.workspace,
    tags: session.tags,
    metadata: session.metadata,
    metadataLength: session.metadataLength,
    environment: session.environment,
    config: session.config,
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
    lastActivityAt: session.lastActivityAt,
    lastActivityUp: session.lastActivityUp,
    endedAt: session.endedAt,
    endReason: session.endReason,
    archivedAt: session.archivedAt,
    deletedAt: session.deletedAt,
    pinned: session.pinned,
    activities: session.activities,
    conversation: session.conversation,
    checkpoints: session.checkpoints,
    commands: session.commands,
    invocations: session.invocations,
    totals: session.totals,
    lease: session.lease,
    binding: session.binding,
    stalls: session.stalls,
  };
}

function metadataDeleted(session: Session, key: string): Partial<Session> {
  const { [key]: removed, ...metadata } = session.metadata;
  return { metadata, metadataLength: session.metadataLength - lengthOfEntry(key, removed) };
}

/** What the events of a command do to the counts of its session. */
function countCommand(session: Session, event: Event, stamp: Stamp): Session {
  const { commands } = session;
  switch (event.type) {
    case "command/accepted": {
      const counted = { ...commands, total: commands.total + 1, running: commands.running + 1 };
      return active(session, { commands: counted }, stamp);
    }
    case "command/retrying":
      return { ...session, commands: { ...commands, retries: commands.retries + 1 } };
    case "command/ended": {
      const { status, tool, durationMs } = event.data;
      const outcome = status === "succeeded" ? "succeeded" : "failed";
      const counted = { ...commands, running: commands.running - 1, [outcome]: commands[outcome] + 1 };
      const totals = addUsage(session.totals, { tool, durationMs });
      const changes = { commands: counted, totals };
      // The end of a command is activity where the session still runs: idleness counts from here.
      return session.status === "active" ? active(session, changes, stamp) : { ...session, ...changes };
    }
    default:
      return session;
  }
}
