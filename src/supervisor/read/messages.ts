import type { Result, ValidParams } from "../../protocol/types.js";
import { hiddenRunOf } from "../../session/conversation.js";
import type { Conversation, Session } from "../../session/state.js";
import { type MessageBody, shownSeq } from "../bodyOf.js";
import type { BodyFilter, BodyLeap, BodyPage } from "../bodyPage.js";
import { showTime } from "../show/session.js";
import type { Supervisor } from "../supervisor.js";
import { decodeCursor, encodeCursor } from "./page.js";

type Shown = Result<"message/list">["items"][number];

/** Hidden messages in a row from which on it is sought where they end. */
const FAR = 256;

/** One page of a session's conversation. */
export async function listMessages(
  supervisor: Supervisor,
  params: ValidParams<"message/list">,
): Promise<Result<"message/list">> {
  const { order, limit } = params;
  const session = supervisor.session(params.sessionId);
  const cursor = decodeCursor<{ seq: number; offset?: number }>(params.cursor, ["seq", "offset"]);
  const options = { order, limit, cursor };
  const { conversation } = session;
  const isSeen = isSeenIn(conversation);
  const leap = leapIn(conversation, order);
  const page = await supervisor.bodies.read(session, "conversation", options, isSeen, [], leap);
  const next = page.next === undefined ? {} : { nextCursor: encodeCursor(page.next) };
  return {
    items: page.items.map((item) => showMessage(item, session)),
    total: session.conversation.count,
    ...next,
  };
}

/** Tells which messages are to be seen: not those that a restored checkpoint took back. */
export function isSeenIn({ hidden }: Conversation): BodyFilter<MessageBody> | undefined {
  if (hidden.length === 0) return undefined;
  return ({ index }) => hiddenRunOf(hidden, index) === undefined;
}

/** Leads past many messages in a row that are not to be seen; fewer cost less to read than to seek. */
function leapIn({ hidden }: Conversation, order: "newest" | "oldest"): BodyLeap<MessageBody> {
  return ({ index }) => {
    const run = hiddenRunOf(hidden, index);
    if (run === undefined || run[1] - run[0] < FAR) return undefined;
    const [first, last] = run;
    return { key: "index", least: order === "oldest" ? last + 1 : first };
  };
}

/** A message as it is shown; one that is damaged on disk says so, and leaves the others readable. */
function showMessage(item: BodyPage<MessageBody>["items"][number], session: Session): Shown {
  if ("damaged" in item) return { damaged: true, error: "content_damaged", offsetBytes: item.offset };
  return { ...item, seq: shownSeq(item, session), at: showTime(item.at) };
}
