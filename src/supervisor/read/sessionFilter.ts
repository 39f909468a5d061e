import type { ValidParams } from "../../protocol/types.js";
import { type Session, isEnded } from "../../session/state.js";
import type { Registry } from "../registry.js";

type Filter = ValidParams<"session/list">;
type Condition = (session: Session) => boolean;

/** How many sessions match, where that is known without looking at them; else undefined. */
export function countOf(registry: Registry, filter: Filter): number | undefined {
  if (otherConditions(filter).length > 0) return undefined;
  const { committedCounts: counts, committedSessions } = registry;
  const { status, includeArchived } = filter;
  switch (status) {
    case undefined:
      return committedSessions.size - (includeArchived ? 0 : counts.of("archived"));
    case "ended": {
      const ended = counts.of("completed", "failed", "abandoned", "timed_out");
      return includeArchived ? ended + counts.of("archived") : ended;
    }
    case "active":
    case "paused":
    case "archived":
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

function statusConditions({ status, includeArchived }: Filter): Condition[] {
  if (status === "archived") return [(session) => session.archivedAt !== undefined];
  // Only what has ended can be archived.
  if (status === "active" || status === "paused") return [(session) => session.status === status];
  const listed: Condition[] = includeArchived ? [] : [(session) => session.archivedAt === undefined];
  if (status === undefined) return listed;
  return [
    status === "ended" ? (session) => isEnded(session.status) : (session) => session.status === status,
    ...listed,
  ];
}

/** What is asked for beside the status. */
function otherConditions(filter: Filter): Condition[] {
  const { tags = [], name, userId, workingDirectory, parentId } = filter;
  const conditions: Condition[] = tags.map((tag) => (session) => session.tags.includes(tag));
  if (name !== undefined) conditions.push((session) => session.name === name);
  if (userId !== undefined) conditions.push((session) => session.userId === userId);
  if (workingDirectory !== undefined)
    conditions.push((session) => session.workingDirectory === workingDirectory);
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
