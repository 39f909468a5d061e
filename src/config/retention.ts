import { z } from "zod";

const count = (least: number) => z.int().min(least);

/** Which sessions that have ended are meant, how many of them stay, and what becomes of the others. */
const policy = z.strictObject({
  match: z
    .strictObject({
      status: z
        .array(z.enum(["completed", "failed", "abandoned", "timed_out"]))
        .min(1)
        .optional(),
      /** All of them. */
      tags: z.array(z.string().min(1).max(256)).max(64).optional(),
      userId: z.string().min(1).max(256).optional(),
      name: z.string().min(1).max(256).optional(),
      archived: z.boolean().optional(),
      /** Since the end of a session. */
      olderThanMs: count(0).optional(),
    })
    .prefault({}),
  /** The newest of what matches, whatever their age. */
  keep: z.strictObject({ count: count(0).optional(), totalBytes: count(0).optional() }).optional(),
  action: z.enum(["archive", "trash", "delete"]),
});

const DAY_MS = 24 * 3_600_000;

/** What becomes of sessions that have ended. */
export const retention = z.strictObject({
  archiveAfterMs: count(0)
    .describe("time after its end at which a session is archived; 0 is never")
    .default(30 * DAY_MS),
  deleteAfterMs: count(0)
    .describe("time after its end at which an archived session is deleted; 0 is never")
    .default(0),
  trashAfterMs: count(0)
    .describe("time in the trash after which a session is deleted; 0 is never")
    .default(7 * DAY_MS),
  chainsAfterMs: count(0)
    .describe("age at which an interaction leaves the chain of its agent; 0 is never")
    .default(7 * DAY_MS),
  maxSessions: count(0).describe("sessions above which the oldest ended ones go; 0 is no quota").default(0),
  maxTotalBytes: count(0)
    .describe("bytes above which the oldest ended sessions go; 0 is no quota")
    .default(0),
  policies: z
    .array(policy)
    .max(100)
    .meta({
      description: "what becomes of which sessions, before the ages above are looked at",
      allowed:
        'a list of policies such as [{"match": {"tags": ["ci"]}, "keep": {"count": 10}, "action": "trash"}]',
    })
    .default([]),
});
