import type { Bounds, Command } from "./commands.js";
import { type Decision, happened, limitReached } from "./decision.js";
import type { Session } from "./state.js";

/** Decides whether a message joins the conversation of a session that takes work. */
export function appendMessage(
  { sessionId, conversation }: Session,
  command: Extract<Command, { type: "message/append" }>,
  bounds: Bounds,
): Decision {
  const { type: _, sessionId: __, ...message } = command;
  const length = JSON.stringify(message.content).length;
  const bound = bounds.messageLength;
  if (length > bound) {
    const fault = `The content of a message has ${length} characters as JSON; ${bound} are allowed.`;
    return limitReached("messageLength", bound, fault, "write what is large to a file and say where it is");
  }
  const index = conversation.appended + 1;
  return happened({ type: "message/appended", sessionId, data: { ...message, index } });
}
