import type { Bounds, Command } from "./commands.js";
import type { Decision, Head } from "./decision.js";
import { happened, limitReached, refuse, sessionNotFound } from "./decision.js";
import type { CreatedFields, Event } from "./events.js";
import { faultOfDetails, faultOfMetadata } from "./metadata.js";
import { isEnded } from "./state.js";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;

/** Decides whether a session may be made. */
export function create(head: Head, command: Of<"session/create">, bounds: Bounds): Decision {
  const { type: _, sessionId, ...fields } = command;
  return (
    faultOfBirth(head, sessionId, fields, bounds) ??
    happened({ type: "session/created", sessionId, data: fields })
  );
}

/**
 * Decides whether a session may be taken over as another program left it: one record that holds it with its
 * activities, so it is there as a whole or not at all.
 */
export function importSession(head: Head, command: Of<"session/import">, bounds: Bounds): Decision {
  const { type: _, sessionId, activities, ...fields } = command;
  const fault = faultOfBirth(head, sessionId, fields, bounds) ?? faultOfTimes(command);
  if (fault !== undefined) return fault;
  const events: Event[] = [{ type: "session/imported", sessionId, data: fields }];
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
): Decision | undefined {
  if (head.session(sessionId) !== undefined) {
    return refuse("session_exists", `A session "${sessionId}" exists already.`, {
      hint: "leave sessionId out to get a new id",
    });
  }
  if (fields.parentId !== undefined && head.session(fields.parentId) === undefined) {
    return sessionNotFound(fields.parentId);
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
