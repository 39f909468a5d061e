import type { Result, ValidParams } from "../../protocol/types.js";
import type { Session } from "../../session/state.js";
import type { Registry } from "../registry.js";
import { showSession } from "../show/session.js";
import type { Supervisor } from "../supervisor.js";
import { decodeCursor, pageOf } from "./page.js";
import { countOf, matcher } from "./sessionFilter.js";

type Filter = ValidParams<"session/list">;
/** Where a page ended: the session's number, and its last activity where the list goes by that. */
type Position = { readonly seq: number; readonly at?: number };

/** What a list found. */
interface Found {
  /** Behind the cursor, in order, and one more at least than the page takes, if there are so many. */
  readonly following: readonly Session[];
  readonly total: number;
}

/** One page of sessions. Filters apply first, then the order, then the page. */
export function listSessions(
  { registry, beats }: Pick<Supervisor, "registry" | "beats">,
  filter: Filter,
): Result<"session/list"> {
  const position = decodeCursor<Position>(filter.cursor, ["seq", "at"]);
  const isFollowing = position === undefined ? () => true : isBehind(position, filter.order);
  const find = filter.order === "recent" ? findRecent : findByBirth;
  const { following, total } = find(registry, filter, isFollowing);
  return pageOf(
    following,
    { limit: filter.limit, total },
    {
      show: (session) => showSession(session, beats.lastAt(session.sessionId)),
      cursorOf: ({ createdSeq, lastActivityAt }) => ({
        seq: createdSeq,
        ...(filter.order === "recent" ? { at: lastActivityAt } : {}),
      }),
      lengthOf,
    },
  );
}

/** Newest or oldest first: all are looked at only where nothing else tells how many match. */
function findByBirth(registry: Registry, filter: Filter, isFollowing: (session: Session) => boolean): Found {
  const matches = matcher(filter);
  const known = countOf(registry, filter);
  const { committedSessions } = registry;
  const sessions = filter.order === "newest" ? committedSessions.newestFirst() : committedSessions.values();
  const following: Session[] = [];
  let total = 0;
  for (const session of sessions) {
    if (!matches(session)) continue;
    total += 1;
    if (following.length <= filter.limit) {
      if (isFollowing(session)) following.push(session);
    } else if (known !== undefined) break;
  }
  return { following, total: known ?? total };
}

function findRecent(registry: Registry, filter: Filter, isFollowing: (session: Session) => boolean): Found {
  const matches = matcher(filter);
  const matching: Session[] = [];
  for (const session of registry.committedSessions.values()) if (matches(session)) matching.push(session);
  matching.sort(byActivity);
  const start = matching.findIndex(isFollowing);
  const following = start < 0 ? [] : matching.slice(start, start + filter.limit + 1);
  return { following, total: matching.length };
}

function byActivity(a: Session, b: Session): number {
  return b.lastActivityAt - a.lastActivityAt || b.createdSeq - a.createdSeq;
}

/** Whether a session comes behind a position, whose own may have been deleted meanwhile. */
function isBehind({ seq, at = 0 }: Position, order: Filter["order"]): (session: Session) => boolean {
  return ({ createdSeq, lastActivityAt }) => {
    if (order === "oldest") return createdSeq > seq;
    if (order === "newest") return createdSeq < seq;
    return lastActivityAt < at || (lastActivityAt === at && createdSeq < seq);
  };
}

/** About how many characters a session is shown with: those of its config and its numbers, and what callers gave it. */
function lengthOf(session: Session): number {
  const { name, purpose, description, userId, parentId, workingDirectory, endReason, tags } = session;
  const texts = [name, purpose, description, userId, parentId, workingDirectory, endReason, tags];
  const given = JSON.stringify([texts, session.environment, session.totals.toolsUsed]);
  return 1_000 + session.metadataLength + given.length;
}
