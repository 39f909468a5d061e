import { z } from "zod";

import { commandRequest } from "./command.js";
import { once } from "./once.js";
import { count, durationMs, id, label, seq, tags, text, time } from "./shapes.js";

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
/** Which of the two things that happen to an alert somebody is told of. */
const alertTransition = once(() => z.enum(["fired", "resolved"]));
/**
 * `condition`: the value is back. The others are why nobody looks at it any more: the rule was turned off, deleted or made to
 * watch something else, the session has ended, or the rule is no longer about that session.
 */
const resolveReason = once(() =>
  z.enum(["condition", "rule_disabled", "rule_deleted", "rule_changed", "session_ended", "out_of_scope"]),
);

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

/** What became of telling one target; `failed` after all tries, or where no further one could help. */
export const alertDelivery = once(() =>
  z.strictObject({
    transition: alertTransition(),
    kind: z.enum(["command", "webhook"]),
    /** The program, or the host. */
    target: text,
    status: z.enum(["delivered", "failed"]),
    attempts: count,
    error: text.optional(),
  }),
);

/** One time that a rule fired for one subject; what the rule said then stays in it. */
export const alert = once(() =>
  z.strictObject({
    alertId: id,
    ruleId: id,
    name: label.optional(),
    severity: alertSeverity(),
    metric: alertMetric(),
    comparison: alertComparison(),
    threshold: z.number(),
    resolveThreshold: z.number(),
    forMs: durationMs,
    /** Absent where it is about no session. */
    sessionId: id.optional(),
    status: z.enum(["open", "resolved"]),
    /** In one sentence. */
    message: text,
    /** When it fired. */
    value: z.number(),
    firedAt: time,
    /** The number of its event in the journal. */
    firedSeq: seq,
    acknowledgedAt: time.optional(),
    acknowledgedBy: label.optional(),
    note: text.optional(),
    resolvedAt: time.optional(),
    /** When it resolved, where it was because of the value. */
    resolvedValue: z.number().optional(),
    resolveReason: resolveReason().optional(),
    deliveries: z.array(alertDelivery()),
  }),
);

/** What happens to alerts: the `data` of each type of event. */
export const ALERT_EVENTS = {
  /** A rule was set. */
  "alert/configured": () => alertRule(),
  /** A rule was deleted. */
  "alert/unconfigured": () => z.strictObject({ ruleId: id }),
  "alert/fired": () => alert(),
  "alert/resolved": () =>
    z.strictObject({
      alertId: id,
      ruleId: id,
      sessionId: id.optional(),
      value: z.number().optional(),
      reason: resolveReason(),
    }),
  "alert/acknowledged": () =>
    z.strictObject({
      alertId: id,
      ruleId: id,
      sessionId: id.optional(),
      by: label.optional(),
      note: text.optional(),
    }),
  /** Everybody whom the rule names was told, or could not be. */
  "alert/delivered": () =>
    z.strictObject({
      alertId: id,
      ruleId: id,
      sessionId: id.optional(),
      transition: alertTransition(),
      deliveries: z.array(alertDelivery()),
    }),
} as const;

function isWebhookUrl(given: string): boolean {
  if (!URL.canParse(given)) return false;
  const { protocol, username, password } = new URL(given);
  return (protocol === "http:" || protocol === "https:") && username === "" && password === "";
}
