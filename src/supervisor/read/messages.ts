import type { Result, ValidParams } from "../../protocol/types.js";
import type { Conversation } from "../../session/state.js";
import type { MessageBody } from "../bodyOf.js";
import type { BodyFilter, BodyPage } from "../bodyPage.js";
import { showTime } from "../show/session.js";
import type { Supervisor } from "../supervisor.js";
import { decodeCursor, encodeCursor } from "./page.js";

type Shown = Result<"message/list">["items"][number];

/** One page of a session's conversation. */
export async function listMessages(
  supervisor: Supervisor,
  params: ValidParams<"message/list">,
): Promise<Result<"message/list">> {
  const { order, limit } = params;
  const session = supervisor.session(params.sessionId);
  const cursor = decodeCursor<{ seq: number; offset?: number }>(params.cursor, ["seq", "offset"]);
  const isSeen = isSeenIn(session.conversation);
  const page = await supervisor.bodies.read(session, "conversation", { order, limit, cursor }, isSeen);
  const next = page.next === undefined ? {} : { nextCursor: encodeCursor(page.next) };
  return { items: page.items.map((item) => showMessage(item)), total: session.conversation.count, ...next };
}

/** Tells which messages are to be seen: not those that a restored checkpoint took back. */
export function isSeenIn({ hidden }: Conversation): BodyFilter<MessageBody> | undefined {
  if (hidden.length === 0) return undefined;
  return ({ index }) => !hidden.some(([first, last]) => index >= first && index <= last);
}

/** A message as it is shown; one that is damaged on disk says so, and leaves the others readable. */
function showMessage(item: BodyPage<MessageBody>["items"][number]): Shown {
  if ("damaged" in item) return { damaged: true, error: "content_damaged", offsetBytes: item.offset };
  return { ...item, at: showTime(item.at) };
}
