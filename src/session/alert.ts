import { ruleAtHead } from "./alertRule.js";
import type { AlertCommand } from "./alertCommands.js";
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
import type { AlertEvent, Event, Stamp } from "./events.js";
import type { Alert } from "./alertState.js";
import { isEnded } from "./state.js";

/** Alerts are the daemon's own, which no id of a session names: what keeps the things of sessions keeps them under this. */
export const ALERT_OWNER = "";

/** Decides what is asked of an alert, or reported of one. */
export function decideAlert(head: Head, command: AlertCommand, bounds: Bounds): Decision {
  if (command.type === "alert/fire") return fire(head, command, bounds);
  const { alertId } = command;
  const alert = head.things.alerts.head(alertId);
  if (alert === undefined) return command.type === "alert/acknowledge" ? alertNotFound(alertId) : NOTHING;
  const { ruleId, sessionId } = alert;
  const which = { alertId, ruleId, sessionId };
  switch (command.type) {
    case "alert/acknowledge": {
      const { by, note } = command;
      const isSaid = alert.acknowledgedAt !== undefined && alert.acknowledgedBy === by && alert.note === note;
      return isSaid ? NOTHING : happened({ type: "alert/acknowledged", data: { ...which, by, note } });
    }
    case "alert/resolve": {
      if (isPast(alert)) return NOTHING;
      const { value, reason } = command;
      return happened({ type: "alert/resolved", data: { ...which, value, reason } });
    }
    case "alert/report-delivery": {
      const { transition, deliveries } = command;
      if (!alert.awaiting.includes(transition)) return NOTHING;
      return happened({ type: "alert/delivered", data: { ...which, transition, deliveries } });
    }
  }
}

function fire(
  head: Head,
  { alertId, ruleId, about: sessionId, value }: Extract<AlertCommand, { type: "alert/fire" }>,
  { openAlerts }: Bounds,
): Decision {
  const rule = ruleAtHead(head, ruleId);
  if (rule === undefined || !rule.enabled) return NOTHING;
  const session = sessionId === undefined ? undefined : head.session(sessionId);
  if (sessionId !== undefined && (session === undefined || isEnded(session.status))) return NOTHING;
  // Its id is random: who comes with it again has been here before.
  if (head.things.alerts.head(alertId) !== undefined) return NOTHING;
  const live = [...head.things.alerts.headOf(ALERT_OWNER)].filter((alert) => !isDone(alert));
  if (live.some((one) => one.ruleId === ruleId && one.sessionId === sessionId && !isPast(one)))
    return NOTHING;
  if (live.length >= openAlerts) {
    const message = `${live.length} alerts are open or being delivered, and no more than ${openAlerts} may be.`;
    return limitReached("openAlerts", openAlerts, message, `rule "${ruleId}" may be about too many sessions`);
  }
  const { name, severity, metric, comparison, threshold, resolveThreshold, forMs, deliver } = rule;
  const said = { name, severity, metric, comparison, threshold, resolveThreshold, forMs, deliver };
  return happened({ type: "alert/fired", data: { alertId, ruleId, sessionId, value, ...said } });
}

/** Whether an alert has resolved. */
export function isPast({ resolvedAt }: Alert): boolean {
  return resolvedAt !== undefined;
}

/** Whether nothing will happen to an alert any more, so that it may be dropped. */
export function isDone(alert: Alert): boolean {
  return isPast(alert) && alert.awaiting.length === 0;
}

/** The alert after an event, as a new object. */
export function evolveAlert(alert: Alert | undefined, event: Event, { seq, at }: Stamp): Alert | undefined {
  if (event.type === "alert/fired") {
    const { data } = event;
    return {
      ...data,
      firedSeq: seq,
      firedAt: at,
      acknowledgedAt: undefined,
      acknowledgedBy: undefined,
      note: undefined,
      resolvedAt: undefined,
      resolvedValue: undefined,
      resolveReason: undefined,
      awaiting: data.deliver.length === 0 ? [] : ["fired"],
      deliveries: [],
    };
  }
  if (alert === undefined) return undefined;
  switch (event.type) {
    case "alert/resolved": {
      const { value, reason } = event.data;
      const awaiting = alert.deliver.length === 0 ? [] : [...alert.awaiting, "resolved" as const];
      return { ...alert, resolvedAt: at, resolvedValue: value, resolveReason: reason, awaiting };
    }
    case "alert/acknowledged":
      return { ...alert, acknowledgedAt: at, acknowledgedBy: event.data.by, note: event.data.note };
    case "alert/delivered":
      return delivered(alert, event.data);
    default:
      return alert;
  }
}

/** Whom it tells is forgotten with the last report: of the alerts that are over there are many, and headers hold secrets. */
function delivered(
  alert: Alert,
  { transition, deliveries }: Extract<AlertEvent, { type: "alert/delivered" }>["data"],
): Alert {
  const awaiting = alert.awaiting.filter((one) => one !== transition);
  const after = { ...alert, awaiting, deliveries: [...alert.deliveries, ...deliveries] };
  return isDone(after) ? { ...after, deliver: [] } : after;
}

/** The id of the alert that an event is about, if any. */
export function alertIdOf(event: Event): string | undefined {
  switch (event.type) {
    case "alert/fired":
    case "alert/resolved":
    case "alert/acknowledged":
    case "alert/delivered":
      return event.data.alertId;
    default:
      return undefined;
  }
}

/** The session that an event tells something about: its own, or that of an alert. */
export function sessionConcerned(event: Event): string | undefined {
  switch (event.type) {
    case "alert/fired":
    case "alert/resolved":
    case "alert/acknowledged":
    case "alert/delivered":
      return event.data.sessionId;
    default:
      return event.sessionId;
  }
}

export function alertNotFound(alertId: string): Refused {
  return refuse("alert_not_found", `There is no alert "${alertId}".`, {
    hint: "alert/list shows those that are open, and the last ones that are over",
  });
}
