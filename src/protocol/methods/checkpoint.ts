import { z } from "zod";

import { checkpoint as checkpointShape } from "../checkpoint.js";
import { method } from "../method.js";
import { session } from "../session.js";
import { id, label, listOf, page, seq, sessionWrite, written } from "../shapes.js";

export const checkpoint = {
  "checkpoint/create": method({
    summary:
      "Keeps a session as it is now: texts, tags, metadata, environment, config, status, totals, and the place in its conversation.",
    get params() {
      return z.strictObject({ ...sessionWrite, label: label.optional() });
    },
    result: checkpointShape,
    errors: ["session_not_found", "session_not_active", "limit_reached"],
    access: "write",
    durable: true,
  }),
  "checkpoint/list": method({
    summary: "Lists the checkpoints of a session, newest first.",
    get params() {
      return z.strictObject({ sessionId: id, ...page });
    },
    get result() {
      return listOf(checkpointShape);
    },
    errors: ["session_not_found"],
    access: "read",
    durable: false,
  }),
  "checkpoint/restore": method({
    summary:
      "Brings a session back to a checkpoint, and keeps it as it was before in another one, which undoes this. " +
      "Messages since then are hidden, activities stay. An ended session may become active again.",
    get params() {
      return z.strictObject({
        ...sessionWrite,
        /** The newest that is not automatic, where it is left out. */
        checkpointId: id.optional(),
      });
    },
    get result() {
      return z.strictObject({
        ...session.shape,
        /** What it was brought back to. */
        restored: id,
        /** The checkpoint that undoes it. */
        undo: id,
        seq,
      });
    },
    errors: [
      "session_not_found",
      "session_not_active",
      "checkpoint_not_found",
      "content_damaged",
      "limit_reached",
    ],
    access: "write",
    durable: true,
  }),
  "checkpoint/delete": method({
    summary: "Deletes a checkpoint. The session stays as it is.",
    get params() {
      return z.strictObject({ ...sessionWrite, checkpointId: id });
    },
    result: written,
    errors: ["session_not_found", "checkpoint_not_found"],
    access: "write",
    durable: true,
  }),
};
