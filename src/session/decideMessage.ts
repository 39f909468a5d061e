import type { Bounds, Command } from "./commands.js";
import { type Decision, happened, limitReached } from "./decision.js";
import type { Session } from "./state.js";

type MessageAppend = Extract<Command, { type: "message/append" }>;
type MessageContent = MessageAppend["content"];

/** Decides whether a message joins the conversation of a session that takes work. */
export function appendMessage(
  { sessionId, conversation }: Session,
  command: MessageAppend,
  bounds: Bounds,
): Decision {
  const { type: _, sessionId: __, ...message } = command;
  const bound = bounds.messageLength;
  const length = lengthOf(message.content, bound);
  if (length > bound) {
    const fault = `The content of a message has ${length} characters as JSON; ${bound} are allowed.`;
    return limitReached("messageLength", bound, fault, "write what is large to a file and say where it is");
  }
  const index = conversation.appended + 1;
  return happened({ type: "message/appended", sessionId, data: { ...message, index } });
}

/** Characters that one of a text takes as JSON at most: an escape such as \u001f. */
const ESCAPE_LENGTH = 6;

/** How long a content is as JSON; its own length where it is a text that cannot exceed the bound anyhow. */
function lengthOf(content: MessageContent, bound: number): number {
  // Most are short, and need not be written once more to know it.
  if (typeof content === "string" && content.length * ESCAPE_LENGTH + 2 <= bound) return content.length;
  return JSON.stringify(content).length;
}
