import type { AlertRuleCommand } from "./alertCommands.js";
import type { Bounds } from "./commands.js";
import {
  type Decision,
  happened,
  type Head,
  limitReached,
  NOTHING,
  refuse,
  type Refused,
} from "./decision.js";
import type { Event, Stamp } from "./events.js";
import type { AlertRule, AlertRuleFields } from "./alertState.js";

type SetRule = Extract<AlertRuleCommand, { type: "alert/set-rule" }>;

const MINUTE_MS = 60_000;

const ON_AND_SILENT: Pick<AlertRuleFields, "scope" | "deliver" | "enabled"> = {
  scope: {},
  deliver: [],
  enabled: true,
};

/**
 * The rules that are there without being made. None of them fires at once: a moment of trouble that is over by itself is
 * nobody's business. The lateness of the loop is that of the worst ten seconds of the last minute, so over two minutes it was
 * late more than once.
 */
export const DEFAULT_ALERT_RULES: readonly AlertRuleFields[] = [
  {
    ruleId: "disk-low",
    name: "The disk of the data folder is nearly full",
    metric: "system.diskFreePercent",
    comparison: "below",
    threshold: 5,
    resolveThreshold: 7,
    forMs: MINUTE_MS,
    severity: "warning",
    ...ON_AND_SILENT,
  },
  {
    ruleId: "journal-read-only",
    name: "The journal takes no writes",
    metric: "daemon.journalReadOnly",
    comparison: "above",
    threshold: 0,
    resolveThreshold: 0,
    forMs: 10_000,
    severity: "critical",
    ...ON_AND_SILENT,
  },
  {
    ruleId: "loop-late",
    name: "The daemon answers late",
    metric: "daemon.loopP99Ms",
    comparison: "above",
    threshold: 500,
    resolveThreshold: 200,
    forMs: 2 * MINUTE_MS,
    severity: "warning",
    ...ON_AND_SILENT,
  },
];

/** Whether a metric is one of sessions: each of them is looked at. */
export function isOfSessions(metric: AlertRuleFields["metric"]): boolean {
  return metric.startsWith("session.");
}

/** The rule that comes with the daemon under an id, if any. */
export function defaultRule(ruleId: string): AlertRuleFields | undefined {
  return DEFAULT_ALERT_RULES.find((rule) => rule.ruleId === ruleId);
}

/** The rule of an id as the next command sees it: as it was set, or as it comes with the daemon. */
export function ruleAtHead({ things }: Pick<Head, "things">, ruleId: string): AlertRuleFields | undefined {
  return things.alertRules.head(ruleId) ?? defaultRule(ruleId);
}

/** Decides what is asked of a rule. */
export function decideAlertRule(head: Head, command: AlertRuleCommand, bounds: Bounds): Decision {
  const { ruleId } = command;
  const stored = head.things.alertRules.head(ruleId);
  if (command.type === "alert/delete-rule") {
    if (stored !== undefined) return happened({ type: "alert/unconfigured", data: { ruleId } });
    return defaultRule(ruleId) === undefined ? ruleNotFound(ruleId) : NOTHING;
  }
  const { headSize } = head.things.alertRules;
  if (stored === undefined && headSize >= bounds.alertRules) {
    const message = `There are ${headSize} rules, and no more than ${bounds.alertRules} are allowed.`;
    return limitReached("alertRules", bounds.alertRules, message, "delete some with alert/deleteRule");
  }
  const rule = withFields(ruleAtHead(head, ruleId), command);
  if (rule === undefined) return incomplete(ruleId);
  return faultOf(rule, bounds) ?? happened({ type: "alert/configured", data: rule });
}

/** A rule with what a call sets of it; undefined where that is no whole rule. */
function withFields(
  before: AlertRuleFields | undefined,
  { ruleId, fields }: SetRule,
): AlertRuleFields | undefined {
  const metric = fields.metric ?? before?.metric;
  const comparison = fields.comparison ?? before?.comparison;
  const threshold = fields.threshold ?? before?.threshold;
  if (metric === undefined || comparison === undefined || threshold === undefined) return undefined;
  const name = fields.name === undefined ? before?.name : (fields.name ?? undefined);
  // A threshold that moves takes its other one along, which else might come to lie on its wrong side.
  const isNewSide = fields.threshold !== undefined || fields.comparison !== undefined;
  const keptResolve = isNewSide || fields.resolveThreshold === null ? threshold : before?.resolveThreshold;
  return {
    ruleId,
    name,
    metric,
    comparison,
    threshold,
    resolveThreshold: fields.resolveThreshold ?? keptResolve ?? threshold,
    forMs: fields.forMs ?? before?.forMs ?? 0,
    scope: fields.scope ?? before?.scope ?? {},
    severity: fields.severity ?? before?.severity ?? "warning",
    deliver: fields.deliver ?? before?.deliver ?? [],
    enabled: fields.enabled ?? before?.enabled ?? true,
  };
}

function faultOf(rule: AlertRuleFields, bounds: Bounds): Refused | undefined {
  const { ruleId, metric, comparison, threshold, resolveThreshold, scope, deliver } = rule;
  const isAbove = comparison === "above";
  if (isAbove ? resolveThreshold > threshold : resolveThreshold < threshold) {
    const side = isAbove ? "at most" : "at least";
    return refuse(
      "invalid_params",
      `resolveThreshold: that of rule "${ruleId}" has to be ${side} ${threshold}.`,
      {
        hint: "an alert would resolve while its condition still holds",
      },
    );
  }
  if (!isOfSessions(metric) && (scope.sessionId !== undefined || (scope.tags ?? []).length > 0)) {
    return refuse("invalid_params", `scope: ${metric} is of no session, so rule "${ruleId}" can name none.`, {
      hint: "leave the scope empty, or watch one of the metrics session.…",
    });
  }
  const length = JSON.stringify(deliver).length;
  if (length <= bounds.alertTargetsLength) return undefined;
  const message = `What rule "${ruleId}" delivers to has ${length} characters as JSON; ${bounds.alertTargetsLength} are allowed.`;
  return limitReached(
    "alertTargetsLength",
    bounds.alertTargetsLength,
    message,
    "put what is long into a script",
  );
}

/** The stored rule after an event, as a new object; undefined after its deletion. */
export function evolveAlertRule(
  rule: AlertRule | undefined,
  event: Event,
  { at }: Stamp,
): AlertRule | undefined {
  switch (event.type) {
    case "alert/configured":
      return { ...event.data, createdAt: rule?.createdAt ?? at, updatedAt: at };
    case "alert/unconfigured":
      return undefined;
    default:
      return rule;
  }
}

/** The id of the rule that an event is about, if any. */
export function ruleIdOf(event: Event): string | undefined {
  return event.type === "alert/configured" || event.type === "alert/unconfigured"
    ? event.data.ruleId
    : undefined;
}

function incomplete(ruleId: string): Refused {
  return refuse("invalid_params", `There is no rule "${ruleId}" yet, and a new one is not whole.`, {
    hint: "give metric, comparison and threshold",
  });
}

function ruleNotFound(ruleId: string): Refused {
  return refuse("alert_rule_not_found", `There is no rule "${ruleId}".`, {
    hint: "alert/rules shows those that there are",
  });
}
