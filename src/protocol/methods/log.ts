import { z } from "zod";

import { LIMITS } from "../limits.js";
import { logEntry, logLevel, logLine, singleEntry, tailTimeoutMs } from "../log.js";
import { method } from "../method.js";
import { count, id, label, page, text, time } from "../shapes.js";

export const log = {
  "log/write": method({
    summary:
      "Writes a line, or a batch of entries, to the log of a session. " +
      "It is no part of the journal: it takes no idempotencyKey, and a full disk loses lines and fails nothing.",
    get params() {
      return z
        .strictObject({
          sessionId: id,
          ...singleEntry,
          entries: z.array(logEntry).min(1).max(LIMITS.logEntries).optional(),
        })
        .refine(({ message, entries }) => (message === undefined) !== (entries === undefined), {
          path: ["message"],
          message: "expected either a message or entries",
        });
    },
    get result() {
      return z.strictObject({
        accepted: count,
        /** Left out, because the settings of the session want less. */
        filtered: count,
      });
    },
    errors: ["session_not_found", "session_not_active"],
    access: "write",
    durable: false,
  }),
  "log/query": method({
    summary:
      "Searches the log of a session, or the daemon's own, over all files that are kept. A page ends early " +
      "when much was looked at: it goes on while there is a nextCursor, also behind a page without items.",
    get params() {
      return z.strictObject({
        sessionId: id.optional(),
        /** This level and the more important ones. */
        level: logLevel.optional(),
        /** The component and its parts: `analyzer` finds `analyzer.parser` too. */
        component: label.optional(),
        /** The lines of the operation, and the operations that were begun in it. */
        operationId: label.optional(),
        event: label.optional(),
        since: time.optional(),
        until: time.optional(),
        /** Stands somewhere in the line; upper and lower case are the same. */
        text: text.optional(),
        order: z.enum(["newest", "oldest"]).default("newest"),
        ...page,
      });
    },
    get result() {
      return z.strictObject({
        items: z.array(logLine),
        nextCursor: z.string().optional(),
        /** Lines of this page that could not be read, and were left out. */
        damaged: count,
      });
    },
    errors: ["session_not_found"],
    access: "read",
    durable: false,
  }),
  "log/tail": method({
    summary:
      "Answers the last lines of a log, or with a cursor those behind it; with follow, waits until there is one.",
    get params() {
      return z.strictObject({
        sessionId: id.optional(),
        /** Without a cursor: so many of the last lines. With one: at most so many at once. */
        lines: z.int().min(0).max(LIMITS.pageItems).default(50),
        follow: z.boolean().default(false),
        cursor: z.string().max(1_024).optional(),
        timeoutMs: tailTimeoutMs,
      });
    },
    get result() {
      return z.strictObject({
        lines: z.array(logLine),
        /** Where the next call goes on; there always is one. */
        cursor: z.string(),
        damaged: count,
      });
    },
    errors: ["session_not_found"],
    access: "read",
    durable: false,
  }),
};
