import type { Result, ValidParams } from "../../protocol/types.js";
import type { ActivityBody } from "../bodyOf.js";
import type { BodyPage } from "../bodyPage.js";
import { showTime, withoutUndefined } from "../show/session.js";
import type { Supervisor } from "../supervisor.js";
import { decodeCursor, encodeCursor } from "./page.js";

type Shown = Result<"session/activities">["items"][number];

/** One page of a session's activities. */
export async function listActivities(
  supervisor: Supervisor,
  params: ValidParams<"session/activities">,
): Promise<Result<"session/activities">> {
  const { order, limit } = params;
  const session = supervisor.session(params.sessionId);
  const cursor = decodeCursor<{ seq: number; offset?: number }>(params.cursor, ["seq", "offset"]);
  const page = await supervisor.bodies.read(session, "activities", { order, limit, cursor });
  const next = page.next === undefined ? {} : { nextCursor: encodeCursor(page.next) };
  return { items: page.items.map((item) => showActivity(item)), total: session.activities, ...next };
}

/** An activity as it is shown; one that is damaged on disk says so, and leaves the others readable. */
function showActivity(item: BodyPage<ActivityBody>["items"][number]): Shown {
  if ("damaged" in item) return { damaged: true, error: "content_damaged", offsetBytes: item.offset };
  return withoutUndefined({ ...item, at: showTime(item.at) }) as Shown;
}
