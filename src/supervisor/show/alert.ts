import { redactEnvironment } from "../../process/environment.js";
import type { AlertRuleShape, AlertShape } from "../../protocol/types.js";
import { evolveAlert, isPast } from "../../session/alert.js";
import { defaultRule, evolveAlertRule } from "../../session/alertRule.js";
import type { Alert, AlertRule, AlertRuleFields } from "../../session/alertState.js";
import type { ThingsHead } from "../../session/decision.js";
import type { After } from "../ledger.js";
import { showTime, withoutUndefined } from "./session.js";

/** A rule as the protocol shows it; one that nobody has set has no times. */
export function showRule(rule: AlertRuleFields & Partial<AlertRule>): AlertRuleShape {
  const { deliver, createdAt, updatedAt, ...fields } = rule;
  return {
    ...withoutUndefined(fields),
    deliver: deliver.map((target) =>
      target.kind === "webhook" && target.headers !== undefined
        ? { ...target, headers: redactEnvironment(target.headers) }
        : target,
    ),
    isDefault: defaultRule(rule.ruleId) !== undefined,
    ...(createdAt === undefined ? {} : { createdAt: showTime(createdAt) }),
    ...(updatedAt === undefined ? {} : { updatedAt: showTime(updatedAt) }),
  };
}

/** An alert as the protocol shows it, without whom it is told to. */
export function showAlert(alert: Alert): AlertShape {
  const { deliver: _, awaiting: __, firedAt, acknowledgedAt, resolvedAt, deliveries, ...fields } = alert;
  return {
    ...withoutUndefined(fields),
    status: isPast(alert) ? "resolved" : "open",
    message: messageOf(alert),
    firedAt: showTime(firedAt),
    ...(acknowledgedAt === undefined ? {} : { acknowledgedAt: showTime(acknowledgedAt) }),
    ...(resolvedAt === undefined ? {} : { resolvedAt: showTime(resolvedAt) }),
    deliveries: deliveries.map((delivery) => withoutUndefined(delivery)),
  };
}

/** Whom a target is, in a word: its program, or its host. What else a web address holds may be a secret. */
export function targetName(target: Alert["deliver"][number]): string {
  return target.kind === "command" ? (target.argv[0] ?? "") : new URL(target.url).host;
}

function messageOf({ metric, sessionId, value, comparison, threshold, forMs }: Alert): string {
  const of = sessionId === undefined ? "" : ` of session ${sessionId}`;
  const held = forMs === 0 ? "" : ` for ${forMs / 1_000} s`;
  return `${metric}${of} is ${comparison} ${threshold}${held}: ${value}`;
}

/** Makes the answer to a call that sets a rule: the rule as it is then. */
export function showSetRule(things: ThingsHead, ruleId: string): (after: After) => object {
  return ({ events: [event], stamp }) => {
    // The record is not applied yet: at head is the one that was there.
    const before = things.alertRules.head(ruleId);
    const rule = event === undefined ? before : evolveAlertRule(before, event, stamp);
    return rule === undefined ? {} : showRule(rule);
  };
}

/** Makes the answer to an acknowledgement: the alert as it is then. */
export function showAcknowledged(things: ThingsHead, alertId: string): (after: After) => object {
  return ({ events: [event], stamp }) => {
    const before = things.alerts.head(alertId);
    const alert = event === undefined ? before : evolveAlert(before, event, stamp);
    return alert === undefined ? {} : showAlert(alert);
  };
}
