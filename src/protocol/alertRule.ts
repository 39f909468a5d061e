import { z } from "zod";

import { commandRequest } from "./command.js";
import { once } from "./once.js";
import { durationMs, id, label, tags, text, time } from "./shapes.js";

/**
 * What a rule can watch. `session.…` is looked at for each session that has not ended, the others once: `system.…` is the
 * machine, `daemon.…` the daemon itself, over all sessions. A rate counts what was in the last minute.
 */
const METRICS = [
  /** Of one core, over all processes of the session. */
  "session.cpuPercent",
  "session.memoryBytes",
  "session.processes",
  /** What its working directory takes. */
  "session.diskBytes",
  /** Failed tries of commands, failed invocations, and lines of its log that are errors. */
  "session.errorsPerMinute",
  /** Commands that were accepted. */
  "session.commandsPerMinute",
  "session.activitiesPerMinute",
  /** Since the last activity, while it is active; without the time in which the daemon was not there. */
  "session.idleMs",
  /** Of all cores together, 100 at most. */
  "system.cpuPercent",
  "system.memoryBytes",
  /** On the file system of the data folder. */
  "system.diskFreeBytes",
  "system.diskFreePercent",
  /** The resident memory of the daemon. */
  "daemon.memoryBytes",
  /** How late its event loop is: see `loop` in `daemon/status`. */
  "daemon.loopP99Ms",
  /** 1 while the journal takes no writes, else 0. */
  "daemon.journalReadOnly",
  /** Sessions that have not ended. */
  "daemon.sessions",
  "daemon.connections",
  "daemon.errorsPerMinute",
  "daemon.commandsPerMinute",
  "daemon.activitiesPerMinute",
] as const;

const DEFAULT_TIMEOUT_MS = 10_000;
/** Longest time that one delivery may take. */
const LONGEST_TIMEOUT_MS = 600_000;
const MOST_TARGETS = 4;
const MOST_HEADERS = 32;

export const alertMetric = once(() => z.enum(METRICS));
export const alertComparison = once(() => z.enum(["above", "below"]));
export const alertSeverity = once(() => z.enum(["info", "warning", "critical"]));

/** Which sessions a rule is about; without anything, all of them. For what is no session's it is empty. */
export const alertScope = once(() =>
  z.strictObject({
    sessionId: id.optional(),
    /** Sessions that have all of these. */
    tags: tags.optional(),
  }),
);

const timeoutMs = (): z.ZodDefault<z.ZodInt> =>
  z.int().min(1).max(LONGEST_TIMEOUT_MS).default(DEFAULT_TIMEOUT_MS);

const webhookUrl = once(() =>
  text.refine(isWebhookUrl, "expected an http or https URL without a password; send secrets as headers"),
);

const headers = once(() =>
  z
    .record(
      z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, "a header has the name of one"),
      // Printable ASCII: what else there is, HTTP does not carry.
      text.regex(/^[\t\x20-\x7E]*$/, "a header's value is printable and has one line"),
    )
    .refine((value) => Object.keys(value).length <= MOST_HEADERS, `at most ${MOST_HEADERS} headers`),
);

/** Whom a rule tells beside the subscribers: a program, with the alert as JSON on its standard input, or a web address. */
export const alertTargets = once(() =>
  z
    .array(
      z.discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("command"), argv: commandRequest.argv, timeoutMs: timeoutMs() }),
        z.strictObject({
          kind: z.literal("webhook"),
          url: webhookUrl(),
          headers: headers().optional(),
          timeoutMs: timeoutMs(),
        }),
      ]),
    )
    .max(MOST_TARGETS),
);

/** A rule. What looks like a secret in its headers is redacted. */
export const alertRule = once(() =>
  z.strictObject({
    ruleId: id,
    name: label.optional(),
    metric: alertMetric(),
    comparison: alertComparison(),
    /** It fires when the value was above, or below, this for `forMs`. */
    threshold: z.number(),
    /** It resolves when the value was not above, or below, this for `forMs`. */
    resolveThreshold: z.number(),
    forMs: durationMs,
    scope: alertScope(),
    severity: alertSeverity(),
    deliver: alertTargets(),
    enabled: z.boolean(),
    /** There without being made; deleting it brings the daemon's own setting back. */
    isDefault: z.boolean(),
    /** Absent where nobody ever set it. */
    createdAt: time.optional(),
    updatedAt: time.optional(),
  }),
);

function isWebhookUrl(given: string): boolean {
  if (!URL.canParse(given)) return false;
  const { protocol, username, password } = new URL(given);
  return (protocol === "http:" || protocol === "https:") && username === "" && password === "";
}
