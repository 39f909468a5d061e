import { z } from "zod";

import { alertComparison, alertMetric, alertRule, alertSeverity } from "./alertRule.js";
import { once } from "./once.js";
import { count, durationMs, id, label, seq, text, time } from "./shapes.js";

/** Which of the two things that happen to an alert somebody is told of. */
const alertTransition = once(() => z.enum(["fired", "resolved"]));
/**
 * `condition`: the value is back. The others are why nobody looks at it any more: the rule was turned off, deleted or made to
 * watch something else, the session has ended, or the rule is no longer about that session.
 */
const resolveReason = once(() =>
  z.enum(["condition", "rule_disabled", "rule_deleted", "rule_changed", "session_ended", "out_of_scope"]),
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
