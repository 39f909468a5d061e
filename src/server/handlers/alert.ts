import type { Result } from "../../protocol/types.js";
import { findAlert, listAlerts, listRules } from "../../supervisor/read/alerts.js";
import { showAlert, showAcknowledged, showSetRule } from "../../supervisor/show/alert.js";
import { keyed } from "./keyed.js";
import type { NamespaceHandlers, Services } from "./services.js";

export function alertHandlers({ supervisor }: Services): NamespaceHandlers<"alert"> {
  const { things } = supervisor.registry;
  return {
    "alert/setRule": (params) => {
      const { call, fields } = keyed("alert/setRule", params);
      const { ruleId, ...set } = fields;
      const show = showSetRule(things, ruleId);
      return supervisor.submit({ type: "alert/set-rule", ruleId, fields: set }, { call, show }) as Promise<
        Result<"alert/setRule">
      >;
    },
    "alert/rules": (params) => listRules(supervisor, params),
    "alert/deleteRule": (params) => {
      const { call, fields } = keyed("alert/deleteRule", params);
      return supervisor.submit({ type: "alert/delete-rule", ...fields }, { call });
    },
    "alert/list": (params) => listAlerts(supervisor, params),
    "alert/get": ({ alertId }) => showAlert(findAlert(supervisor, alertId)),
    "alert/acknowledge": (params) => {
      const { call, fields } = keyed("alert/acknowledge", params);
      const show = showAcknowledged(things, fields.alertId);
      return supervisor.submit({ type: "alert/acknowledge", ...fields }, { call, show }) as Promise<
        Result<"alert/acknowledge">
      >;
    },
  };
}
