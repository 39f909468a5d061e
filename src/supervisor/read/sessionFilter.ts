import type { ValidParams } from "../../protocol/types.js";
import { type Session, isEnded } from "../../session/state.js";
import type { Registry } from "../registry.js";

type Filter = ValidParams<"session/list">;
type Condition = (session: Session) => boolean;

/** How many sessions match, where that is known without looking at them; else undefined. */
export function countOf(registry: Registry, filter: Filter): number | undefined {
  const { status, includeArchived, includeTrashed } = filter;
  // Those in the trash are not told apart by how they ended, or by the archive.
  const isMixed = includeTrashed && status !== undefined && status !== "trashed";
  if (isMixed || otherConditions(filter).length > 0) return undefined;
  const { committedCounts: counts, committedSessions } = registry;
  const archived = includeArchived ? counts.of("archived") : 0;
  switch (status) {
    case undefined: {
      // One that is in the trash and archived is listed where both are asked for.
      if (includeTrashed && !includeArchived) return undefined;
      const trashed = includeTrashed ? 0 : counts.of("trashed");
      return committedSessions.size - trashed - (includeArchived ? 0 : counts.of("archived"));
    }
    case "ended":
      return counts.of("completed", "failed", "abandoned", "timed_out") + archived;
    case "active":
    case "paused":
    case "archived":
    case "trashed":
      return counts.of(status);
    default:
      // The archived ones are not told apart by how they ended.
      return includeArchived ? undefined : counts.of(status);
  }
}

/** Whether a session matches: one function that looks at what is asked for, and at nothing else. */
export function matcher(filter: Filter): Condition {
  const [first, ...others] = [...statusConditions(filter), ...otherConditions(filter)];
  if (first === undefined) return () => true;
  return others.reduce((all, condition) => (session) => all(session) && condition(session), first);
}

function statusConditions({ status, includeArchived, includeTrashed }: Filter): Condition[] {
  // Only what has ended can be archived, or in the trash.
  if (status === "active" || status === "paused") return [(session) => session.status === status];
  if (status === "trashed") return [(session) => session.deletedAt !== undefined];
  const listed: Condition[] = [];
  if (!includeTrashed) listed.push((session) => session.deletedAt === undefined);
  if (status === "archived") listed.push((session) => session.archivedAt !== undefined);
  else if (!includeArchived) listed.push((session) => session.archivedAt === undefined);
  if (status === undefined || status === "archived") return listed;
  return [
    status === "ended" ? (session) => isEnded(session.status) : (session) => session.status === status,
    ...listed,
  ];
}

/** What is asked for beside the status. */
function otherConditions(filter: Filter): Condition[] {
  const { tags = [], name, userId, workingDirectory, parentId, pinned } = filter;
  const conditions: Condition[] = tags.map((tag) => (session) => session.tags.includes(tag));
  if (name !== undefined) conditions.push((session) => session.name === name);
  if (userId !== undefined) conditions.push((session) => session.userId === userId);
  if (workingDirectory !== undefined)
    conditions.push((session) => session.workingDirectory === workingDirectory);
  if (pinned !== undefined) conditions.push((session) => session.pinned === pinned);
  if (parentId !== undefined) conditions.push((session) => session.parentId === parentId);
  if (filter.since !== undefined) {
    const since = Date.parse(filter.since);
    conditions.push((session) => session.createdAt >= since);
  }
  if (filter.until !== undefined) {
    const until = Date.parse(filter.until);
    conditions.push((session) => session.createdAt < until);
  }
  const words = (filter.query ?? "")
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length > 0) conditions.push((session) => hasWords(session, words));
  return conditions;
}

function hasWords(session: Session, words: readonly string[]): boolean {
  const { name = "", purpose = "", description = "", tags } = session;
  const text = [name, purpose, description, ...tags].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}
