import { DEFAULT_ALERT_RULES, defaultRule } from "../../session/alertRule.js";
import type { Alert, AlertRule, AlertRuleFields } from "../../session/alertState.js";
import { isEnded, type Session } from "../../session/state.js";
import type { Registry } from "../registry.js";

type Source = Pick<Registry, "things">;

/** All rules as they are durable, those included that come with the daemon and that nobody has set. */
export function allRules({ things }: Source): (AlertRuleFields | AlertRule)[] {
  const { committed } = things.alertRules;
  return [...DEFAULT_ALERT_RULES.filter(({ ruleId }) => !committed.has(ruleId)), ...committed.values()];
}

/** Whether a rule is about that session, one of its metrics provided. */
export function isAbout({ scope }: AlertRuleFields, { sessionId, tags }: Session): boolean {
  if (scope.sessionId !== undefined && scope.sessionId !== sessionId) return false;
  return (scope.tags ?? []).every((tag) => tags.includes(tag));
}

/** Why nobody looks any more at what an open alert is about. */
export function reasonToLeave(
  { things }: Source,
  { ruleId, metric, sessionId }: Alert,
  session: Session | undefined,
): NonNullable<Alert["resolveReason"]> {
  const rule = things.alertRules.committed.get(ruleId) ?? defaultRule(ruleId);
  if (rule === undefined) return "rule_deleted";
  if (!rule.enabled) return "rule_disabled";
  if (rule.metric !== metric) return "rule_changed";
  const hasEnded = session === undefined || isEnded(session.status);
  return sessionId !== undefined && hasEnded ? "session_ended" : "out_of_scope";
}
