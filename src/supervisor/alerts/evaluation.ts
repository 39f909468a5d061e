import { setImmediate as turn } from "node:timers/promises";

import type { Clock } from "../../schedule/clock.js";
import { isPast } from "../../session/alert.js";
import { isOfSessions } from "../../session/alertRule.js";
import type { Alert, AlertRuleFields } from "../../session/alertState.js";
import type { Session } from "../../session/state.js";
import { isEnded } from "../../session/state.js";
import type { Registry } from "../registry.js";
import { look, type Track } from "./hysteresis.js";
import type { Readings } from "./readings.js";
import { allRules, isAbout, reasonToLeave } from "./rules.js";

/** What an evaluation comes to, to be written down. */
export type Verdict =
  | {
      readonly type: "fire";
      readonly ruleId: string;
      readonly sessionId: string | undefined;
      readonly value: number;
    }
  | {
      readonly type: "resolve";
      readonly alertId: string;
      readonly value: number | undefined;
      readonly reason: NonNullable<Alert["resolveReason"]>;
    };

interface EvaluationParts {
  readonly clock: Clock;
  readonly registry: Pick<Registry, "things" | "committedSessions">;
  readonly readings: Readings;
  /** To be called at once for each verdict. */
  readonly onVerdict: (verdict: Verdict) => void;
}

interface OpenTrack extends Track {
  /** The run that last looked at it. */
  readonly run: number;
}

/** So many sessions are judged in one turn of the loop. */
const SLICE = 500;

/**
 * Holds every rule against what it watches. Which alerts are open it reads off the state each time, so whatever happened
 * meanwhile, a crash too, it goes on from there; only since when a value has called for the other state is kept in memory.
 */
export class Evaluation {
  readonly #parts: EvaluationParts;
  /** Sessions that have not ended: those that have may be many, and no rule is about them. */
  readonly #live = new Set<string>();
  readonly #tracks = new Map<string, OpenTrack>();
  #run = 0;

  constructor(parts: EvaluationParts) {
    this.#parts = parts;
  }

  /** Takes note of a session that an event has changed, or that was there at the start. */
  note({ sessionId, status }: Session): void {
    if (isEnded(status)) this.#live.delete(sessionId);
    else this.#live.add(sessionId);
  }

  /** How many subjects have a value that calls for the other state. */
  get trackCount(): number {
    return this.#tracks.size;
  }

  /** Judges everything once. The readings have to be fresh. */
  async run(): Promise<void> {
    const { registry, readings, onVerdict } = this.#parts;
    this.#run += 1;
    const open = this.#open();
    for (const rule of allRules(registry)) {
      if (!rule.enabled) continue;
      if (isOfSessions(rule.metric)) await this.#judgeSessions(rule, open);
      else this.#judge(rule, undefined, readings.ofDaemon(rule.metric, this.#live.size), open);
    }
    // Nobody has looked at these.
    for (const alert of open.values()) {
      const session =
        alert.sessionId === undefined ? undefined : registry.committedSessions.get(alert.sessionId);
      const reason = reasonToLeave(registry, alert, session);
      onVerdict({ type: "resolve", alertId: alert.alertId, value: undefined, reason });
    }
    for (const [key, { run }] of this.#tracks) if (run !== this.#run) this.#tracks.delete(key);
  }

  #open(): Map<string, Alert> {
    const open = new Map<string, Alert>();
    for (const alert of this.#parts.registry.things.alerts.committed.values())
      if (!isPast(alert)) open.set(keyOf(alert.ruleId, alert.sessionId), alert);
    return open;
  }

  async #judgeSessions(rule: AlertRuleFields, open: Map<string, Alert>): Promise<void> {
    const { registry, readings } = this.#parts;
    const { sessionId: only } = rule.scope;
    const sessionIds = only === undefined ? this.#live : [only].filter((id) => this.#live.has(id));
    let judged = 0;
    for (const sessionId of sessionIds) {
      judged += 1;
      if (judged % SLICE === 0) await turn();
      const session = registry.committedSessions.get(sessionId);
      if (session === undefined) this.#live.delete(sessionId);
      if (session === undefined || isEnded(session.status) || !isAbout(rule, session)) continue;
      this.#judge(rule, sessionId, readings.ofSession(rule.metric, session), open);
    }
  }

  /** Judges one subject, and takes its alert out of those that nobody has looked at. */
  #judge(
    rule: AlertRuleFields,
    sessionId: string | undefined,
    value: number | undefined,
    open: Map<string, Alert>,
  ): void {
    const key = keyOf(rule.ruleId, sessionId);
    const alert = open.get(key);
    // It watches something else by now: what was open is over, and a new one may follow.
    if (alert !== undefined && alert.metric !== rule.metric) return;
    open.delete(key);
    const nowUp = this.#parts.clock.upMs();
    const { turn: verdict, track } = look(rule, alert !== undefined, { value, nowUp }, this.#tracks.get(key));
    if (track.sinceUp === undefined) this.#tracks.delete(key);
    else this.#tracks.set(key, { ...track, run: this.#run });
    const { onVerdict } = this.#parts;
    if (verdict === "fire" && value !== undefined)
      onVerdict({ type: "fire", ruleId: rule.ruleId, sessionId, value });
    else if (alert !== undefined && verdict === "resolve")
      onVerdict({ type: "resolve", alertId: alert.alertId, value, reason: "condition" });
  }
}

/** No id has a space in it. */
function keyOf(ruleId: string, sessionId: string | undefined): string {
  return `${ruleId} ${sessionId ?? ""}`;
}
