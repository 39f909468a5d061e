import { z } from "zod";

import { LIMITS } from "./limits.js";

/** An id: of the daemon's making (UUIDv7), or brought by the caller. It can never be a path. */
export const id = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    "an id is 1 to 128 of A-Z a-z 0-9 . _ - and starts with a letter or digit",
  );
export const label = z.string().min(1).max(LIMITS.labelLength);
export const text = z.string().max(LIMITS.textLength);
/** RFC 3339, UTC. */
export const time = z.iso.datetime();
/** A duration in milliseconds; where it is a limit, 0 means that there is none. */
export const durationMs = z.int().min(0).max(LIMITS.durationMs);
export const count = z.int().min(0);
export const seq = z.int().min(0);
export const absolutePath = text.refine(
  (value) => (value.startsWith("/") || /^[A-Za-z]:[\\/]/.test(value)) && !value.includes("\0"),
  "expected an absolute path",
);
export const tags = z.array(label).max(LIMITS.tags);

/** Environment variables by name. */
export const environment = z
  .record(
    z.string().regex(/^[^=\0]+$/, "a variable's name has no = and no NUL"),
    z
      .string()
      .max(LIMITS.argumentLength)
      .refine((value) => !value.includes("\0"), "a variable has no NUL"),
  )
  .refine((value) => Object.keys(value).length <= LIMITS.arguments, `at most ${LIMITS.arguments} variables`)
  .refine(
    (value) => Object.entries(value).flat().join("").length <= LIMITS.environmentLength,
    `at most ${LIMITS.environmentLength} characters in all`,
  );

/** Every write takes one: the same key with the same call is answered once and done once. */
export const idempotencyKey = z.string().min(1).max(LIMITS.idLength);

/** What `session/claim` answers to the holder of a session and to nobody else. */
export const leaseToken = z.string().min(1).max(LIMITS.idLength);

/** What every write to one session takes, beside what it is about. */
export const sessionWrite = {
  sessionId: id,
  /** The caller's lease, where it has claimed the session. */
  lease: leaseToken.optional(),
  idempotencyKey: idempotencyKey.optional(),
};

/** What every list takes. The cursor is opaque: it comes from `nextCursor` of the page before. */
export const page = {
  limit: z.int().min(1).max(LIMITS.pageItems).default(100),
  cursor: z.string().max(1_024).optional(),
};

/** What every list answers; `total` counts all that match, not this page alone. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().optional(), total: count });
}

/** What a write answers that has nothing else to say: the number of its last event in the journal. */
export const written = z.strictObject({ seq });
