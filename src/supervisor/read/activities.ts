import { LIMITS } from "../../protocol/limits.js";
import type { Result, ValidParams } from "../../protocol/types.js";
import type { Session } from "../../session/state.js";
import { type ActivityBody, shownSeq } from "../bodyOf.js";
import type { BodyCursor, BodyFilter, BodyPage } from "../bodyPage.js";
import { showTime, withoutUndefined } from "../show/session.js";
import type { Supervisor } from "../supervisor.js";
import { decodeCursor, encodeCursor } from "./page.js";

type Source = Pick<Supervisor, "session" | "bodies">;
type Filter = Pick<ValidParams<"session/activities">, "kind" | "action" | "since" | "until">;
/** Where a page ended, and how many match in all where they had to be counted. */
type Position = { readonly seq: number; readonly offset?: number; readonly total?: number };
type Shown = Result<"session/activities">["items"][number];

/** One page of a session's activities. Filters apply first, then the page. */
export async function listActivities(
  source: Source,
  params: ValidParams<"session/activities">,
): Promise<Result<"session/activities">> {
  const { order, limit } = params;
  const session = source.session(params.sessionId);
  const cursor = decodeCursor<Position>(params.cursor, ["seq", "offset", "total"]);
  const isWanted = filterOf(params);
  const page = await source.bodies.read(session, "activities", { order, limit, cursor }, isWanted);
  const counted =
    isWanted === undefined ? undefined : (cursor?.total ?? (await count(source, session, isWanted)));
  const next = page.next === undefined ? {} : { nextCursor: encodeCursor({ ...page.next, total: counted }) };
  return {
    items: page.items.map((item) => showActivity(item, session)),
    total: counted ?? session.activities,
    ...next,
  };
}

/** Whether an activity is asked for; undefined where all are. */
function filterOf({ kind, action, since, until }: Filter): BodyFilter<ActivityBody> | undefined {
  if ([kind, action, since, until].every((one) => one === undefined)) return undefined;
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since);
  const untilMs = until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until);
  return (body) =>
    (kind === undefined || body.kind === kind) &&
    (action === undefined || body.action === action) &&
    body.at >= sinceMs &&
    body.at < untilMs;
}

/** How many match, counted one by one: once for a list, whose cursors carry it on. */
async function count(source: Source, session: Session, isWanted: BodyFilter<ActivityBody>): Promise<number> {
  let total = 0;
  let cursor: BodyCursor | undefined;
  do {
    const options = { order: "oldest", limit: LIMITS.pageItems, cursor } as const;
    const page = await source.bodies.read(session, "activities", options, isWanted);
    total += page.items.filter((item) => !("damaged" in item)).length;
    cursor = page.next;
  } while (cursor !== undefined);
  return total;
}

/** An activity as it is shown; one that is damaged on disk says so, and leaves the others readable. */
function showActivity(item: BodyPage<ActivityBody>["items"][number], session: Session): Shown {
  if ("damaged" in item) return { damaged: true, error: "content_damaged", offsetBytes: item.offset };
  return withoutUndefined({ ...item, seq: shownSeq(item, session), at: showTime(item.at) }) as Shown;
}
