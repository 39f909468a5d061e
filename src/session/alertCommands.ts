import type { Alert, AlertRuleFields } from "./alertState.js";

/** What is asked of a rule for alerts. */
export type AlertRuleCommand =
  | {
      readonly type: "alert/set-rule";
      readonly ruleId: string;
      /** What is left out stays as it is; null takes it away. */
      readonly fields: {
        readonly [K in Exclude<keyof AlertRuleFields, "ruleId" | "name" | "resolveThreshold">]?:
          AlertRuleFields[K] | undefined;
      } & {
        readonly name?: string | null | undefined;
        readonly resolveThreshold?: number | null | undefined;
      };
    }
  | { readonly type: "alert/delete-rule"; readonly ruleId: string };

/** What is asked of an alert, or, all but the acknowledgement, reported of one by the daemon. */
export type AlertCommand =
  | {
      readonly type: "alert/fire";
      readonly alertId: string;
      readonly ruleId: string;
      /** The session that it is about, of the session's own metrics. */
      readonly about?: string | undefined;
      readonly value: number;
    }
  | {
      readonly type: "alert/resolve";
      readonly alertId: string;
      readonly value?: number | undefined;
      readonly reason: NonNullable<Alert["resolveReason"]>;
    }
  | {
      readonly type: "alert/acknowledge";
      readonly alertId: string;
      readonly by?: string | undefined;
      readonly note?: string | undefined;
    }
  /** A report: the targets were told of it, or could not be. */
  | {
      readonly type: "alert/report-delivery";
      readonly alertId: string;
      readonly transition: Alert["awaiting"][number];
      readonly deliveries: Alert["deliveries"];
    };
