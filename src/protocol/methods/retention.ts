import { z } from "zod";

import { LIMITS } from "../limits.js";
import { method } from "../method.js";
import { endedStatus } from "../session.js";
import { count, durationMs, id, label, tags } from "../shapes.js";

const action = z.enum(["archive", "trash", "delete"]);

const policy = z.strictObject({
  match: z.strictObject({
    status: z.array(endedStatus).optional(),
    /** All of them. */
    tags: tags.optional(),
    userId: label.optional(),
    name: label.optional(),
    archived: z.boolean().optional(),
    /** Since the end of a session. */
    olderThanMs: count.optional(),
  }),
  /** The newest of what matches, whatever their age; what is more than either goes. */
  keep: z.strictObject({ count: count.optional(), totalBytes: count.optional() }).optional(),
  action,
  /** The setting that it comes from. */
  reason: z.string(),
});

export const retention = {
  "retention/run": method({
    summary:
      "Archives, trashes and deletes sessions by the policies in force. Those that have not ended, or are pinned, are " +
      "never touched. Each session goes one step: what a run archives or trashes, no run before the next one deletes.",
    get params() {
      return z.strictObject({
        /** Counted from the end of a session; 0 is never. The daemon's setting where it is left out. */
        archiveAfterMs: durationMs.optional(),
        /** The same, for archived sessions. */
        deleteAfterMs: durationMs.optional(),
        /** Counted from when a session came into the trash. */
        trashAfterMs: durationMs.optional(),
        /** Only says what would go. */
        dryRun: z.boolean().default(false),
      });
    },
    get result() {
      return z.strictObject({
        /** The first so many, oldest first; the counts beside it have all of them. */
        sessions: z
          .array(
            z.strictObject({
              sessionId: id,
              action,
              /** The setting that wants it, such as `retention.policies[0]`. */
              reason: z.string(),
              /** What it holds on disk. */
              sizeBytes: count,
            }),
          )
          .max(LIMITS.pageItems),
        archivedCount: count,
        trashedCount: count,
        deletedCount: count,
        /** What all of these hold. */
        totalBytes: count,
        /** What those hold that are deleted. */
        deletedBytes: count,
        dryRun: z.boolean(),
      });
    },
    errors: ["shutting_down"],
    access: "write",
    durable: true,
  }),
  "retention/policy": method({
    summary:
      "Answers the policies in force, in their order: the first that wants something of a session has it.",
    get params() {
      return z.strictObject({});
    },
    get result() {
      return z.strictObject({
        policies: z.array(policy),
        /** How long a session stays in the trash; 0 is for ever. */
        trashAfterMs: count,
        /** Quotas over all sessions; 0 is none. */
        maxSessions: count,
        maxTotalBytes: count,
      });
    },
    errors: [],
    access: "read",
    durable: false,
  }),
};
