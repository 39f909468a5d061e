import { z } from "zod";

import { message as messageShape } from "../message.js";
import { method } from "../method.js";
import { damagedItem } from "../session.js";
import { count, id, listOf, page, seq, sessionWrite } from "../shapes.js";

const { role, content, toolName, invocationId, usage } = messageShape.shape;

export const message = {
  "message/append": method({
    summary: "Appends a message to the conversation of a session, with what it cost where that is known.",
    get params() {
      return z.strictObject({
        ...sessionWrite,
        role,
        content,
        toolName,
        invocationId,
        usage,
      });
    },
    get result() {
      return z.strictObject({ messageId: id, index: count, seq });
    },
    errors: ["session_not_found", "session_not_active", "limit_reached"],
    access: "write",
    durable: true,
  }),
  "message/list": method({
    summary: "Lists the conversation of a session, oldest first unless asked otherwise.",
    get params() {
      return z.strictObject({
        sessionId: id,
        order: z.enum(["newest", "oldest"]).default("oldest"),
        ...page,
      });
    },
    get result() {
      return listOf(z.union([messageShape, damagedItem]));
    },
    errors: ["session_not_found", "content_damaged"],
    access: "read",
    durable: false,
  }),
};
