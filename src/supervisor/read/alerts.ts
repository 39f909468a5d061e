import { RefusalError } from "../../protocol/errors.js";
import type { Result, ValidParams } from "../../protocol/types.js";
import { alertNotFound, isPast } from "../../session/alert.js";
import type { Alert } from "../../session/alertState.js";
import { allRules } from "../alerts/rules.js";
import { showAlert, showRule } from "../show/alert.js";
import type { Supervisor } from "../supervisor.js";
import { decodeCursor, pageOf } from "./page.js";

type Source = Pick<Supervisor, "registry">;

/** The durable alert of an id. @throws RefusalError where there is none */
export function findAlert({ registry }: Source, alertId: string): Alert {
  const alert = registry.things.alerts.committed.get(alertId);
  if (alert === undefined) throw new RefusalError(alertNotFound(alertId).refusal);
  return alert;
}

/** One page of the rules, by their ids. */
export function listRules(
  { registry }: Source,
  { limit, cursor }: ValidParams<"alert/rules">,
): Result<"alert/rules"> {
  const position = decodeCursor<{ index: number }>(cursor, ["index"]);
  const all = allRules(registry).toSorted((a, b) => (a.ruleId < b.ruleId ? -1 : 1));
  const numbered = all.map((rule, index) => ({ rule, index })).slice((position?.index ?? -1) + 1);
  return pageOf(
    numbered,
    { limit, total: all.length },
    {
      show: ({ rule }) => showRule(rule),
      cursorOf: ({ index }) => ({ index }),
      lengthOf: ({ rule }) => 500 + JSON.stringify(rule.deliver).length,
    },
  );
}

/** One page of the alerts, the newest first. */
export function listAlerts(
  { registry }: Source,
  { limit, cursor, ...filter }: ValidParams<"alert/list">,
): Result<"alert/list"> {
  const position = decodeCursor<{ seq: number }>(cursor, ["seq"]);
  const matching = [...registry.things.alerts.committed.values()]
    .filter((alert) => matches(alert, filter))
    .toSorted((a, b) => b.firedSeq - a.firedSeq);
  const following = matching.filter(({ firedSeq }) => position === undefined || firedSeq < position.seq);
  return pageOf(
    following,
    { limit, total: matching.length },
    {
      show: showAlert,
      cursorOf: ({ firedSeq }) => ({ seq: firedSeq }),
      lengthOf: ({ note = "", deliveries }) => 800 + note.length + 200 * deliveries.length,
    },
  );
}

function matches(
  alert: Alert,
  {
    status,
    ruleId,
    sessionId,
    severity,
    isAcknowledged,
  }: Omit<ValidParams<"alert/list">, "limit" | "cursor">,
): boolean {
  return (
    (status === undefined || isPast(alert) === (status === "resolved")) &&
    (ruleId === undefined || alert.ruleId === ruleId) &&
    (sessionId === undefined || alert.sessionId === sessionId) &&
    (severity === undefined || alert.severity === severity) &&
    (isAcknowledged === undefined || (alert.acknowledgedAt !== undefined) === isAcknowledged)
  );
}
