import { z } from "zod";

import { LIMITS } from "../limits.js";
import { messageRole } from "../message.js";
import { method } from "../method.js";
import { count, id, label, page, seq, tags, time } from "../shapes.js";

/** Something that matches. */
const found = z.strictObject({
  kind: z.enum(["message", "activity", "session"]),
  sessionId: id,
  /** Of the event that it came with: for a session that of its creation. */
  seq,
  at: time,
  messageId: id.optional(),
  /** The place of a message in its conversation, from 1. */
  index: count.optional(),
  role: messageRole.optional(),
  /** The words around what matches. */
  snippet: z.string(),
  /** What of the snippet matches: the first character of each and the first behind it, in UTF-16 units. */
  marks: z.array(z.strictObject({ from: count, to: count })),
  /** How well it matches, by bm25: the smaller, the better. Absent where the newest come first. */
  rank: z.number().optional(),
});

export const search = {
  "search/query": method({
    summary:
      'Finds messages, activities and sessions that have all the words of a query. A "phrase" stands in quotes, ' +
      "prefix* goes on, -word must not be there; everything else stands for itself.",
    get params() {
      return z.strictObject({
        query: z.string().min(1).max(LIMITS.queryLength),
        /** Where to look; everywhere if left out. A session is found by its name, purpose, description, tags, metadata. */
        in: z
          .array(z.enum(["messages", "activities", "sessions"]))
          .min(1)
          .max(3)
          .optional(),
        /** In these sessions alone, wherever they are: one that is named is asked for, in the trash too. */
        sessionIds: z.array(id).min(1).max(LIMITS.pageItems).optional(),
        userId: label.optional(),
        /** The session has all of them. */
        tags: tags.optional(),
        /** Only messages have one. */
        role: messageRole.optional(),
        since: time.optional(),
        /** The first moment that is too late. */
        until: time.optional(),
        /** What lies in the trash is found where it is asked for. */
        includeTrashed: z.boolean().default(false),
        /** By rank, of the newest 20,000 that match where nothing but the query narrows them. */
        order: z.enum(["rank", "newest"]).default("rank"),
        limit: z.int().min(1).max(LIMITS.searchItems).default(20),
        cursor: page.cursor,
      });
    },
    get result() {
      return z.strictObject({
        items: z.array(found),
        nextCursor: z.string().optional(),
        /** False while the index is still being made or brought up to date: there may be more. */
        complete: z.boolean(),
        /** How far the index is, where it is not complete. */
        indexed: z.strictObject({ sessions: count, of: count }).optional(),
      });
    },
    errors: ["session_not_found", "search_unavailable"],
    access: "read",
    durable: false,
  }),
};
