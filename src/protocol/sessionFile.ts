import { z } from "zod";

import { json, jsonObject } from "./json.js";
import { LIMITS } from "./limits.js";
import { once } from "./once.js";
import { absolutePath, id, label, tags, text } from "./shapes.js";
import { activityKind, endedStatus } from "./session.js";

/**
 * A time as it stands in a file of somebody else's: RFC 3339, or without a zone, as many languages write it if they
 * are not asked for one. That is taken as UTC. Epoch milliseconds come out.
 */
const fileTime = z.iso
  .datetime({ offset: true, local: true, message: "expected a time such as 2025-11-08T10:30:00Z" })
  .transform((written) => Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(written) ? written : `${written}Z`))
  .refine((atMs) => Number.isSafeInteger(atMs) && atMs >= 0, "expected a time after 1970");

const seconds = z
  .number()
  .min(0)
  .max(LIMITS.durationMs / 1_000);

/** What stands for a status in such files: the seed's four words, and ours for the ways in which a session ends. */
const fileStatus = z.enum(["active", "paused", "ended", "archived", ...endedStatus.options]);

/**
 * `session_<id>.json`, as programs that keep sessions in files write it and as this daemon does. What is not listed
 * here is passed over by an import, and named in its result.
 */
const sessionFile = once(() =>
  z.object({
    session_id: id,
    created_at: fileTime,
    last_activity: fileTime.optional(),
    status: fileStatus,
    timeout_seconds: seconds.optional(),
    metadata: jsonObject.optional(),
    activity_log: z
      .array(
        z.object({
          kind: activityKind.nullish(),
          action: label,
          timestamp: fileTime,
          details: json.nullish(),
        }),
      )
      .max(LIMITS.importActivities)
      .optional(),
    name: label.nullish(),
    purpose: text.nullish(),
    description: text.nullish(),
    user_id: label.nullish(),
    working_directory: absolutePath.nullish(),
    tags: tags.optional(),
    end_status: endedStatus.optional(),
    ended_at: fileTime.nullish(),
    end_reason: text.nullish(),
    archived_at: fileTime.nullish(),
  }),
);

/** `registry.json`: all sessions by their id. */
const registryFile = once(() =>
  z.object({
    sessions: z.record(
      z.string(),
      z.object({ created_at: fileTime, status: fileStatus, timeout_seconds: seconds }),
    ),
  }),
);

export type SessionFile = z.output<ReturnType<typeof sessionFile>>;

/** What was read, or what is wrong with it and where, in one line. */
export type ReadFile<T> =
  { readonly file: T; readonly ignored: readonly string[] } | { readonly fault: string };

/** Reads a session's file out of a JSON value that may be anything. */
export function readSessionFile(value: unknown): ReadFile<SessionFile> {
  return read(sessionFile(), value);
}

/** Reads a registry out of a JSON value that may be anything. */
export function readRegistryFile(value: unknown): ReadFile<z.output<ReturnType<typeof registryFile>>> {
  return read(registryFile(), value);
}

function read<T extends z.ZodObject>(schema: T, value: unknown): ReadFile<z.output<T>> {
  const result = schema.safeParse(value);
  if (result.success) {
    const ignored = Object.keys(value as object).filter((key) => !Object.hasOwn(schema.shape, key));
    return { file: result.data, ignored };
  }
  const [issue] = result.error.issues;
  const field = issue?.path.map(String).join(".") ?? "";
  return { fault: `${field === "" ? "" : `${field}: `}${issue?.message ?? "it does not fit"}` };
}
