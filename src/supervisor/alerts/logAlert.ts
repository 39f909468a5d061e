import type { Event } from "../../session/events.js";
import type { SupervisorLog } from "../options.js";

/** Writes to the log what happened to an alert, where that is worth a line. */
export function logAlert(log: SupervisorLog, event: Event): void {
  if (event.type === "alert/fired") {
    const { alertId, ruleId, sessionId, severity, metric, value, comparison, threshold } = event.data;
    const fields = { alertId, ruleId, sessionId, severity, metric, value, comparison, threshold };
    log.warn({ event: "alert.fired", ...fields }, "Alert fired");
  } else if (event.type === "alert/resolved") {
    const { alertId, ruleId, sessionId, value, reason } = event.data;
    log.info({ event: "alert.resolved", alertId, ruleId, sessionId, value, reason }, "Alert resolved");
  }
}
