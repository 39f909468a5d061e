import type { Result, ValidParams } from "../../protocol/types.js";
import { type Session, isEnded } from "../../session/state.js";
import { showSession } from "../show/session.js";
import type { Supervisor } from "../supervisor.js";
import { decodeCursor, pageOf } from "./page.js";

type Filter = ValidParams<"session/list">;
/** Where a page ended: the session's number, and its last activity where the list goes by that. */
type Position = { readonly seq: number; readonly at?: number };

/** One page of sessions. Filters apply first, then the order, then the page. */
export function listSessions({ registry, beats }: Supervisor, filter: Filter): Result<"session/list"> {
  const matches = matcher(filter);
  const matching: Session[] = [];
  for (const session of registry.committedSessions.values()) if (matches(session)) matching.push(session);
  if (filter.order === "newest") matching.reverse();
  if (filter.order === "recent") matching.sort(byActivity);
  const position = decodeCursor<Position>(filter.cursor, ["seq", "at"]);
  return pageOf(
    matching,
    { limit: filter.limit, start: position === undefined ? 0 : startAfter(matching, position, filter.order) },
    {
      show: (session) => showSession(session, beats.lastAt(session.sessionId)),
      cursorOf: ({ createdSeq, lastActivityAt }) => ({
        seq: createdSeq,
        ...(filter.order === "recent" ? { at: lastActivityAt } : {}),
      }),
      lengthOf: ({ metadataLength, environment, description = "", tags }) =>
        1_000 + metadataLength + description.length + tags.length * 16 + JSON.stringify(environment).length,
    },
  );
}

function byActivity(a: Session, b: Session): number {
  return b.lastActivityAt - a.lastActivityAt || b.createdSeq - a.createdSeq;
}

/** Index of the first session behind a position, which may have been deleted meanwhile. */
function startAfter(sorted: readonly Session[], { seq, at = 0 }: Position, order: Filter["order"]): number {
  const isBehind = (session: Session): boolean => {
    if (order === "oldest") return session.createdSeq > seq;
    if (order === "newest") return session.createdSeq < seq;
    return session.lastActivityAt < at || (session.lastActivityAt === at && session.createdSeq < seq);
  };
  const index = sorted.findIndex((session) => isBehind(session));
  return index < 0 ? sorted.length : index;
}

function matcher(filter: Filter): (session: Session) => boolean {
  const { status, tags = [], name, userId, workingDirectory, parentId } = filter;
  const since = filter.since === undefined ? undefined : Date.parse(filter.since);
  const until = filter.until === undefined ? undefined : Date.parse(filter.until);
  const words = (filter.query ?? "")
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const showsArchived = filter.includeArchived || status === "archived";
  return (session) =>
    (showsArchived || session.archivedAt === undefined) &&
    (status === undefined || hasStatus(session, status)) &&
    (name === undefined || session.name === name) &&
    (userId === undefined || session.userId === userId) &&
    (workingDirectory === undefined || session.workingDirectory === workingDirectory) &&
    (parentId === undefined || session.parentId === parentId) &&
    (since === undefined || session.createdAt >= since) &&
    (until === undefined || session.createdAt < until) &&
    tags.every((tag) => session.tags.includes(tag)) &&
    (words.length === 0 || hasWords(session, words));
}

function hasStatus(session: Session, status: NonNullable<Filter["status"]>): boolean {
  if (status === "ended") return isEnded(session.status);
  if (status === "archived") return session.archivedAt !== undefined;
  return session.status === status;
}

function hasWords(session: Session, words: readonly string[]): boolean {
  const { name = "", purpose = "", description = "", tags } = session;
  const text = [name, purpose, description, ...tags].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}
