import type { AlertDeliveryShape, AlertRuleShape, AlertShape } from "../protocol/types.js";

/** What a rule for alerts says. Numbers are in the unit that the metric's name ends with. */
export interface AlertRuleFields extends Pick<
  AlertRuleShape,
  | "ruleId"
  | "metric"
  | "comparison"
  | "threshold"
  | "resolveThreshold"
  | "forMs"
  | "scope"
  | "severity"
  | "deliver"
  | "enabled"
> {
  readonly name?: string | undefined;
}

/** A rule for alerts that somebody has set; times are epoch milliseconds. */
export interface AlertRule extends AlertRuleFields {
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One time that a rule fired, with what the rule said then; times are epoch milliseconds. */
export interface Alert extends Omit<AlertRuleFields, "scope" | "enabled"> {
  readonly alertId: string;
  /** Undefined where it is about no session. */
  readonly sessionId: string | undefined;
  /** When it fired. */
  readonly value: number;
  readonly firedSeq: number;
  readonly firedAt: number;
  readonly acknowledgedAt: number | undefined;
  readonly acknowledgedBy: string | undefined;
  readonly note: string | undefined;
  readonly resolvedAt: number | undefined;
  readonly resolvedValue: number | undefined;
  readonly resolveReason: AlertShape["resolveReason"];
  /** Of what its targets have not all been told yet, or in vain; in this order. */
  readonly awaiting: readonly AlertDeliveryShape["transition"][];
  readonly deliveries: readonly AlertDeliveryShape[];
}
