import { ALERT_OWNER, alertIdOf, evolveAlert } from "../../src/session/alert.js";
import { evolveAlertRule, ruleIdOf } from "../../src/session/alertRule.js";
import type { Alert, AlertRule } from "../../src/session/alertState.js";
import type { Bounds, Command } from "../../src/session/commands.js";
import type { Decision, Head } from "../../src/session/decision.js";
import type { Event } from "../../src/session/events.js";
import type { Session } from "../../src/session/state.js";
import { decided, headOf } from "./samples.js";

/** Rules and alerts as events make them, and nothing else: the smallest head for what is asked of them. */
export class AlertModel {
  readonly rules = new Map<string, AlertRule>();
  readonly alerts = new Map<string, Alert>();
  readonly events: Event[] = [];
  readonly #sessions: readonly Session[];
  readonly #bounds: Partial<Bounds>;

  constructor(sessions: readonly Session[] = [], bounds: Partial<Bounds> = {}) {
    this.#sessions = sessions;
    this.#bounds = bounds;
  }

  get head(): Head {
    const head = headOf(this.#sessions);
    const alertRules = { head: (id: string) => this.rules.get(id), headSize: this.rules.size };
    const alerts = {
      head: (id: string) => this.alerts.get(id),
      headOf: (owner: string) => (owner === ALERT_OWNER ? this.alerts.values() : []),
      headSize: this.alerts.size,
    };
    return { ...head, things: { ...head.things, alertRules, alerts } };
  }

  /** Decides a command, and applies what happens. The n-th event is at n seconds. */
  do(command: Command): Decision {
    const decision = decided(this.head, command, { at: 0, bounds: this.#bounds });
    if ("events" in decision) for (const event of decision.events) this.#apply(event);
    return decision;
  }

  #apply(event: Event): void {
    this.events.push(event);
    const seq = this.events.length;
    const stamp = { seq, at: seq * 1_000, up: seq * 1_000 };
    const ruleId = ruleIdOf(event);
    if (ruleId !== undefined) put(this.rules, ruleId, evolveAlertRule(this.rules.get(ruleId), event, stamp));
    const alertId = alertIdOf(event);
    if (alertId !== undefined) put(this.alerts, alertId, evolveAlert(this.alerts.get(alertId), event, stamp));
  }
}

function put<Thing>(things: Map<string, Thing>, id: string, thing: Thing | undefined): void {
  if (thing === undefined) things.delete(id);
  else things.set(id, thing);
}
