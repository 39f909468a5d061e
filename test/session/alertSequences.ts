import * as fc from "fast-check";

import type { Alert } from "../../src/session/alertState.js";
import type { Command } from "../../src/session/commands.js";

const ruleId = fc.constantFrom("r1", "r1", "r1", "disk-low");
const alertId = fc.constantFrom("a1", "a1", "a1", "a2");
const HOOK = { kind: "command" as const, argv: ["tell"], timeoutMs: 1 };

const rule = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("alert/set-rule" as const),
      ruleId,
      fields: fc.record(
        {
          name: fc.constantFrom(null, "n"),
          metric: fc.constantFrom("daemon.sessions" as const, "session.processes" as const),
          comparison: fc.constantFrom("above" as const, "above" as const, "below" as const),
          threshold: fc.constantFrom(1, 2),
          deliver: fc.constantFrom<Alert["deliver"][]>([HOOK], [HOOK], [HOOK], []),
          enabled: fc.constantFrom(true, true, false),
        },
        { requiredKeys: ["metric", "comparison", "threshold", "deliver"] },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("alert/delete-rule" as const), ruleId }) },
);

const transition = fc.constantFrom("fired" as const, "fired" as const, "resolved" as const);
const report = transition.chain((told) =>
  fc.record({
    type: fc.constant("alert/report-delivery" as const),
    alertId,
    transition: fc.constant(told),
    deliveries: fc.constant([
      {
        transition: told,
        kind: "command" as const,
        target: "tell",
        status: "delivered" as const,
        attempts: 1,
      },
    ]),
  }),
);

/** What is asked of alerts and of their rules, and reported of them. */
export const alert: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: rule },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("alert/fire" as const),
      alertId,
      ruleId,
      about: fc.constantFrom(undefined, undefined, "s1"),
      value: fc.constantFrom(3, 4.5),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("alert/resolve" as const),
      alertId,
      value: fc.constantFrom(undefined, 0),
      reason: fc.constantFrom("condition" as const, "rule_deleted" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("alert/acknowledge" as const),
      alertId,
      by: fc.constantFrom(undefined, "me"),
    }),
  },
  // It has to be about an alert that waits for it, which few are.
  { weight: 5, arbitrary: report },
);
