import type { AlertRuleFields } from "../../session/alertState.js";

/** Since when, in up-time, a value has called for the other state; as long as it has been seen to do so at every look. */
export interface Track {
  /** Whether the alert was open at the last look. */
  readonly isOpen: boolean;
  readonly sinceUp: number | undefined;
}

type Thresholds = Pick<AlertRuleFields, "comparison" | "threshold" | "resolveThreshold" | "forMs">;

/** What a look at a value comes to: whether the alert is to fire or to resolve now, and what the next look goes on from. */
export interface Look {
  readonly turn: "fire" | "resolve" | undefined;
  readonly track: Track;
}

/**
 * Judges one value of a rule. A closed alert fires once the threshold was passed at every look for `forMs`, an open one
 * resolves once the value was back behind `resolveThreshold` as long. What lies between the two changes nothing, and neither
 * does a value that nobody knows: the time begins anew.
 *
 * It says `fire` or `resolve` at each further look until the alert is seen to have done so: whoever could not write it down
 * tries again.
 */
export function look(
  rule: Thresholds,
  isOpen: boolean,
  { value, nowUp }: { readonly value: number | undefined; readonly nowUp: number },
  before: Track | undefined,
): Look {
  const calls = value !== undefined && (isOpen ? isBack(rule, value) : isPassed(rule, value));
  if (!calls) return { turn: undefined, track: { isOpen, sinceUp: undefined } };
  const sinceUp = before?.isOpen === isOpen ? (before.sinceUp ?? nowUp) : nowUp;
  const isDue = nowUp - sinceUp >= rule.forMs;
  return { turn: isDue ? (isOpen ? "resolve" : "fire") : undefined, track: { isOpen, sinceUp } };
}

function isPassed({ comparison, threshold }: Thresholds, value: number): boolean {
  return comparison === "above" ? value > threshold : value < threshold;
}

function isBack({ comparison, resolveThreshold }: Thresholds, value: number): boolean {
  return comparison === "above" ? value <= resolveThreshold : value >= resolveThreshold;
}
