import { z } from "zod";

import { jsonObject } from "./json.js";
import { usage } from "./session.js";
import { count, id, label, seq, time } from "./shapes.js";

/** Who speaks. */
export const messageRole = z.enum(["system", "user", "assistant", "tool"]);

/** What is said: text, or the blocks that the tool has, as they are. */
const messageContent = z
  .union([z.string(), z.array(jsonObject)])
  .meta({ description: "text, or an array of blocks as the tool has them" });

/** What speaking cost; the tool that was used is an invocation of its own. */
const messageUsage = usage.omit({ tool: true });

/** One message of a session's conversation. */
export const message = z.strictObject({
  messageId: id,
  /** Its place in the conversation, from 1; what a restored checkpoint took back keeps its places. */
  index: count,
  seq,
  at: time,
  role: messageRole,
  content: messageContent,
  toolName: label.optional(),
  /** The invocation that it asks for, or answers. */
  invocationId: id.optional(),
  usage: messageUsage.optional(),
});
