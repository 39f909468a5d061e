import { RefusalError } from "../../protocol/errors.js";
import type { Result, ValidParams } from "../../protocol/types.js";
import type { Hit, HitKind } from "../../search/messages.js";
import { MARKS } from "../../search/textOf.js";
import { matchOf, parseQuestion } from "../../search/words.js";
import { showTime, withoutUndefined } from "../show/session.js";
import type { Supervisor } from "../supervisor.js";
import { decodeCursor, encodeCursor } from "./page.js";

type Shown = Result<"search/query">["items"][number];

const KINDS: Readonly<Record<"messages" | "activities" | "sessions", HitKind>> = {
  messages: "message",
  activities: "activity",
  sessions: "session",
};

/** One page of what matches a question. */
export async function search(
  supervisor: Supervisor,
  params: ValidParams<"search/query">,
): Promise<Result<"search/query">> {
  const { query, sessionIds, userId, tags, role, order, limit } = params;
  const match = matchOf(parseQuestion(query));
  if (match === undefined) throw nothingAsked(query);
  const page = pageFrom(params);
  const { hits, progress } = await supervisor.search.find({
    match,
    kinds: (params.in ?? ["messages", "activities", "sessions"]).map((name) => KINDS[name]),
    sessions: sessionIds?.map((sessionId) => supervisor.session(sessionId).createdSeq),
    without: sessionIds === undefined && !params.includeTrashed ? trashedSessions(supervisor) : undefined,
    userId,
    tags,
    role,
    since: timeOf(params.since),
    until: timeOf(params.until),
    order,
    // One more than asked for tells whether there is a next page.
    limit: limit + 1,
    ...page,
  });
  const shown = hits.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = hits.length > limit && last !== undefined;
  const next = order === "rank" ? { skip: (page.skip ?? 0) + limit } : { before: last?.id };
  // A session may have gone since the index was asked.
  const sessions = supervisor.registry.committedSessions;
  const items = shown.filter(
    ({ sessionId, createdSeq }) => sessions.get(sessionId)?.createdSeq === createdSeq,
  );
  return {
    items: items.map((hit) => showHit(hit)),
    complete: progress === undefined,
    ...(progress === undefined ? {} : { indexed: { sessions: progress.done, of: progress.total } }),
    ...(hasMore ? { nextCursor: encodeCursor(next) } : {}),
  };
}

/** Those in the trash, by their `createdSeq`: the index does not know of it, so one that comes out is found at once. */
function trashedSessions({ registry }: Supervisor): number[] {
  const { committedSessions, committedCounts } = registry;
  if (committedCounts.of("trashed") === 0) return [];
  const trashed = [...committedSessions.values()].filter(({ deletedAt }) => deletedAt !== undefined);
  return trashed.map(({ createdSeq }) => createdSeq);
}

/** Where the page begins. */
function pageFrom({ order, cursor }: ValidParams<"search/query">): { skip?: number; before?: number } {
  const key = order === "rank" ? "skip" : "before";
  return decodeCursor<{ skip?: number; before?: number }>(cursor, [key]) ?? {};
}

function timeOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

function showHit({
  kind,
  sessionId,
  createdSeq,
  seq,
  at,
  place,
  messageId,
  role,
  rank,
  snippet,
}: Hit): Shown {
  return withoutUndefined({
    kind,
    sessionId,
    // What came with its session has no event of its own.
    seq: Math.max(seq, createdSeq),
    at: showTime(at),
    messageId: messageId ?? undefined,
    index: place ?? undefined,
    role: role ?? undefined,
    ...markedText(snippet),
    rank: rank ?? undefined,
  }) as Shown;
}

/** Takes the marks out of a snippet, and says where they were. */
export function markedText(snippet: string): { snippet: string; marks: Shown["marks"] } {
  const marks: Shown["marks"] = [];
  let text = "";
  for (const [at, part] of snippet.split(MARKS.begin).entries()) {
    const [marked = "", ...rest] = part.split(MARKS.end);
    if (at > 0) marks.push({ from: text.length, to: text.length + marked.length });
    text += marked + rest.join("");
  }
  return { snippet: text, marks };
}

function nothingAsked(query: string): RefusalError {
  return new RefusalError({
    type: "invalid_params",
    message: `query: ${JSON.stringify(query)} has no word to look for.`,
    hint: "give at least one word, and before or after it what is not wanted: deploy -staging",
  });
}
