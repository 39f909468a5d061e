import type { Bounds, Command } from "./commands.js";
import type { Decision, Head } from "./decision.js";
import { happened, limitReached, refuse, sessionNotFound } from "./decision.js";
import type { CreatedFields, Event, ImportedExecution } from "./events.js";
import { faultOfDetails, faultOfMetadata } from "./metadata.js";
import { isEnded, isOver } from "./state.js";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;

/** Decides whether a session may be made. */
export function create(head: Head, command: Of<"session/create">, bounds: Bounds): Decision {
  const { type: _, sessionId, ...fields } = command;
  return (
    faultOfBirth(head, sessionId, fields, bounds) ??
    happened({ type: "session/created", sessionId, data: fields })
  );
}

/** Decides whether a session may be made as a copy of its parent. */
export function cloneSession(head: Head, command: Of<"session/clone">, bounds: Bounds): Decision {
  const { type: _, sessionId, ...fields } = command;
  return (
    faultOfBirth(head, sessionId, fields, bounds) ??
    happened({ type: "session/cloned", sessionId, data: fields })
  );
}

/**
 * Decides whether a session may be taken over as another program left it: one record that holds it with its
 * activities, or with where they are, and its commands, so it is there as a whole or not at all. Its parent need not be
 * here.
 */
export function importSession(head: Head, command: Of<"session/import">, bounds: Bounds): Decision {
  const { type: _, sessionId, activities, executions = [], ...fields } = command;
  const fault =
    faultOfBirth(head, sessionId, fields, bounds, "elsewhere") ??
    faultOfTimes(command) ??
    faultOfExecutions(head, executions);
  if (fault !== undefined) return fault;
  const events: Event[] = [{ type: "session/imported", sessionId, data: fields }];
  for (const data of executions) events.push({ type: "command/imported", sessionId, data });
  for (const { at, kind, action, details } of activities) {
    const tooLong = faultOfDetails(details, bounds, "details of an activity");
    if (tooLong !== undefined) return tooLong;
    events.push({ type: "activity/recorded", sessionId, data: { kind, action, details, at } });
  }
  return happened(...events);
}

function faultOfBirth(
  head: Head,
  sessionId: string,
  fields: CreatedFields,
  bounds: Bounds,
  /** Where the parent may be. */
  parent: "here" | "elsewhere" = "here",
): Decision | undefined {
  if (head.session(sessionId) !== undefined) {
    return refuse("session_exists", `A session "${sessionId}" exists already.`, {
      hint: "leave sessionId out to get a new id",
    });
  }
  if (parent === "here" && fields.parentId !== undefined && head.session(fields.parentId) === undefined) {
    return sessionNotFound(fields.parentId);
  }
  if (isOwnAncestor(head, sessionId, fields.parentId)) {
    const message = `Session "${sessionId}" would descend from itself: its parent "${fields.parentId}" does.`;
    return refuse("invalid_params", message, { hint: "give it another id, or another parent" });
  }
  if (head.sessionCount >= bounds.maxSessions) {
    return limitReached(
      "maxSessions",
      bounds.maxSessions,
      `There are ${head.sessionCount} sessions, and no more than ${bounds.maxSessions} are allowed.`,
      "delete some with session/delete, or raise sessions.maxSessions in the configuration",
    );
  }
  return faultOfMetadata(fields.metadata, bounds);
}

/** A deleted session's children still name it as their parent, so one that gets its id may meet itself above it. */
function isOwnAncestor(head: Head, sessionId: string, parentId: string | undefined): boolean {
  let ancestor = parentId;
  // No line is longer than there are sessions; the count ends a walk that should have an end without it.
  for (let left = head.sessionCount; ancestor !== undefined && left >= 0; left -= 1) {
    if (ancestor === sessionId) return true;
    ancestor = head.session(ancestor)?.parentId;
  }
  return false;
}

/** The ids of commands are the daemon's, and not their session's: two sessions must not share one. */
function faultOfExecutions(head: Head, executions: readonly ImportedExecution[]): Decision | undefined {
  const met = new Set<string>();
  for (const { commandId, status } of executions) {
    if (head.execution(commandId) !== undefined || met.has(commandId))
      return refuse("command_exists", `A command "${commandId}" exists already.`, {
        hint: "import the session again: its commands get ids that are free",
      });
    if (!isOver(status))
      return refuse("invalid_params", `Command "${commandId}" is ${status}, and nothing of it runs here.`);
    met.add(commandId);
  }
  return undefined;
}

/** Whether the status and the times of an import fit together; everything else relies on that. */
function faultOfTimes(command: Of<"session/import">): Decision | undefined {
  const { sessionId, status, createdAt, lastActivityAt, endedAt, archivedAt } = command;
  const refused = (what: string): Decision => refuse("invalid_params", `Session "${sessionId}" ${what}.`);
  if (lastActivityAt < createdAt) return refused("was active before it was created");
  if (isEnded(status) !== (endedAt !== undefined)) {
    return refused(
      `is ${status}, and ${endedAt === undefined ? "does not say when it ended" : "says when it ended"}`,
    );
  }
  if (archivedAt !== undefined && endedAt === undefined) return refused(`is ${status}, and archived`);
  return undefined;
}
