import { z } from "zod";

import { alert as alertShape } from "../alert.js";
import {
  alertComparison,
  alertMetric,
  alertRule,
  alertScope,
  alertSeverity,
  alertTargets,
} from "../alertRule.js";
import { method } from "../method.js";
import { durationMs, id, idempotencyKey, label, listOf, page, seq, text, written } from "../shapes.js";

const key = { idempotencyKey: idempotencyKey.optional() };

export const alert = {
  "alert/setRule": method({
    summary:
      "Makes a rule, or changes one: what is left out stays as it is. A new one needs metric, comparison and threshold.",
    get params() {
      return z.strictObject({
        ruleId: id,
        name: label.nullable().optional(),
        metric: alertMetric().optional(),
        comparison: alertComparison().optional(),
        threshold: z.number().optional(),
        /** The threshold itself where this is null, or left out with a new threshold. */
        resolveThreshold: z.number().nullable().optional(),
        forMs: durationMs.optional(),
        scope: alertScope().optional(),
        severity: alertSeverity().optional(),
        deliver: alertTargets().optional(),
        enabled: z.boolean().optional(),
        ...key,
      });
    },
    get result() {
      return z.strictObject({ ...alertRule().shape, seq });
    },
    errors: ["limit_reached"],
    access: "write",
    durable: true,
  }),
  "alert/rules": method({
    summary: "Lists the rules by their ids, those that come with the daemon among them.",
    get params() {
      return z.strictObject(page);
    },
    get result() {
      return listOf(alertRule());
    },
    errors: [],
    access: "read",
    durable: false,
  }),
  "alert/deleteRule": method({
    summary:
      "Deletes a rule; its open alerts resolve. One that comes with the daemon is as it came then: turn it off with " +
      "alert/setRule.",
    get params() {
      return z.strictObject({ ruleId: id, ...key });
    },
    result: written,
    errors: ["alert_rule_not_found"],
    access: "write",
    durable: true,
  }),
  "alert/list": method({
    summary: "Lists alerts, the newest first; of those that are over, the last ones are kept.",
    get params() {
      return z.strictObject({
        status: z.enum(["open", "resolved"]).optional(),
        ruleId: id.optional(),
        sessionId: id.optional(),
        severity: alertSeverity().optional(),
        isAcknowledged: z.boolean().optional(),
        ...page,
      });
    },
    get result() {
      return listOf(alertShape());
    },
    errors: [],
    access: "read",
    durable: false,
  }),
  "alert/get": method({
    summary: "Answers one alert.",
    get params() {
      return z.strictObject({ alertId: id });
    },
    get result() {
      return alertShape();
    },
    errors: ["alert_not_found"],
    access: "read",
    durable: false,
  }),
  "alert/acknowledge": method({
    summary: "Says that somebody takes care of an alert. It stays open until its condition is over.",
    get params() {
      return z.strictObject({ alertId: id, by: label.optional(), note: text.optional(), ...key });
    },
    get result() {
      return z.strictObject({ ...alertShape().shape, seq });
    },
    errors: ["alert_not_found"],
    access: "write",
    durable: true,
  }),
};
