import type { StagedBodies } from "../content/bodyStore.js";
import { RefusalError } from "../protocol/errors.js";
import type { Conversation, Session } from "../session/state.js";
import type { MessageBody } from "./bodyOf.js";
import { isSeenIn } from "./read/messages.js";
import { readBodies } from "./readBodies.js";
import type { Supervisor } from "./supervisor.js";

/** A conversation on its way into a session that is still to be made. */
export interface CopiedConversation {
  /** Undefined where there is nothing in it. */
  readonly staged: StagedBodies | undefined;
  readonly count: number;
  /** How many messages could not be read. */
  readonly damaged: number;
}

type Source = Pick<Supervisor, "session" | "bodies" | "journal" | "transfers">;

/**
 * Copies what is to be seen of a conversation into a staged folder, up to a message that is given by its id or its
 * index. The copies keep their ids and times, and count from 1 anew.
 *
 * @throws RefusalError where there is no such message; nothing is left then
 */
export async function copyConversation(
  source: Source,
  session: Session,
  through: string | number | undefined,
): Promise<CopiedConversation> {
  const { conversation } = session;
  // Of one tick with the session: what comes in during the reading is not copied.
  const upToSeq = source.journal.committed;
  if (typeof through === "number" && !isThere(conversation, through)) throw messageNotFound(session, through);
  if (conversation.count === 0 && through === undefined) return { staged: undefined, count: 0, damaged: 0 };
  const staged = await source.bodies.stage();
  const transfer = source.transfers.begin({
    kind: "clone",
    sessionId: session.sessionId,
    total: conversation.count,
    unit: "items",
  });
  try {
    let count = 0;
    let last = typeof through === "number" ? through : undefined;
    for await (const message of messagesThrough(source, session, { through, upToSeq })) {
      count += 1;
      // Below zero, so that whatever is said in the clone comes behind it.
      const seq = count - 1 - conversation.count;
      const copy: MessageBody = { ...message, seq, index: count };
      await staged.add("conversation", copy);
      transfer.advanceTo(count);
      if (message.messageId === through) last = message.index;
    }
    if (typeof through === "string" && last === undefined) throw messageNotFound(session, through);
    await staged.seal();
    return { staged, count, damaged: seenUpTo(conversation, last ?? conversation.appended) - count };
  } catch (error) {
    await staged.discard();
    throw error;
  } finally {
    transfer.end();
  }
}

/** The messages that are to be seen, up to that one; all of them where it is undefined. */
async function* messagesThrough(
  source: Source,
  session: Session,
  { through, upToSeq }: { readonly through: string | number | undefined; readonly upToSeq: number },
): AsyncGenerator<MessageBody> {
  const pages = readBodies(source, session, {
    kind: "conversation",
    upToSeq,
    isWanted: isSeenIn(session.conversation),
  });
  for await (const page of pages) {
    for (const message of page) {
      if (typeof through === "number" && message.index > through) return;
      yield message;
      if (message.messageId === through) return;
    }
  }
}

function isThere({ appended, hidden }: Conversation, index: number): boolean {
  return index <= appended && !hidden.some(([first, last]) => index >= first && index <= last);
}

/** How many of the messages up to an index are to be seen. */
function seenUpTo({ hidden }: Conversation, index: number): number {
  return hidden.reduce((seen, [first, last]) => seen - Math.max(0, Math.min(last, index) - first + 1), index);
}

function messageNotFound({ sessionId }: Session, through: string | number): RefusalError {
  const which = typeof through === "number" ? `of index ${through}` : `"${through}"`;
  return new RefusalError({
    type: "message_not_found",
    message: `Session "${sessionId}" has no message ${which} that could be cloned through.`,
    hint: "message/list shows those that there are; one that is damaged can be named by its index",
  });
}
