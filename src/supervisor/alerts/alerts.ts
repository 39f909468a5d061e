import { randomUUID } from "node:crypto";

import type { Clock } from "../../schedule/clock.js";
import { isPast } from "../../session/alert.js";
import type { Alert } from "../../session/alertState.js";
import type { Command } from "../../session/commands.js";
import type { Event } from "../../session/events.js";
import type { Session } from "../../session/state.js";
import type { SupervisorLog } from "../options.js";
import type { Registry } from "../registry.js";
import { uuidv7 } from "../uuidv7.js";
import { logAlert } from "./logAlert.js";
import { Delivery } from "./delivery.js";
import { Evaluation, type Verdict } from "./evaluation.js";
import { type DaemonFigures, type MetricSource, Readings } from "./readings.js";
import { Rates } from "./rates.js";
import { allRules } from "./rules.js";
import { Targets } from "./targets.js";

export type { DaemonFigures, MetricSource } from "./readings.js";

interface AlertsParts {
  readonly clock: Clock;
  readonly registry: Pick<Registry, "things" | "committedSessions">;
  readonly journal: { readonly state: "ok" | "full" | "failed" };
  readonly dataDir: string;
  readonly socket?: string | undefined;
  /** Records what the daemon decides of its own. */
  readonly record: (command: Command) => Promise<unknown>;
  readonly log: SupervisorLog;
  /** Whoever looks at the processes; without anybody, rules on what they take never fire. */
  readonly metrics?: MetricSource | undefined;
  /** See `TargetsOptions`. */
  readonly firstPauseMs?: number | undefined;
}

/** Alerts: what rules watch, when they fire and resolve, and that everybody is told. */
export class Alerts {
  /** What happened in the last minute. */
  readonly rates: Rates;
  readonly #parts: AlertsParts;
  readonly #readings: Readings;
  readonly #evaluation: Evaluation;
  readonly #delivery: Delivery;
  readonly #writes = new Set<Promise<void>>();
  #hasFailed = false;

  constructor(parts: AlertsParts) {
    this.#parts = parts;
    const { clock, registry, journal, dataDir, record, log, metrics, socket, firstPauseMs } = parts;
    this.rates = new Rates(() => clock.upMs());
    this.#readings = new Readings({ clock, dataDir, rates: this.rates, journal, metrics });
    const onVerdict = (verdict: Verdict): void => this.#write(verdict);
    this.#evaluation = new Evaluation({ clock, registry, readings: this.#readings, onVerdict });
    const targets = new Targets({ socket, firstPauseMs });
    this.#delivery = new Delivery({ alerts: registry.things.alerts.committed, targets, record, log });
  }

  /** Goes on after a start with what was open, and with what was still to be delivered. */
  begin(): void {
    for (const session of this.#parts.registry.committedSessions.values()) this.#evaluation.note(session);
    this.#delivery.begin();
  }

  /** Takes note of a record that has become durable. */
  note(events: readonly Event[]): void {
    this.rates.note(events);
    this.#delivery.note(events);
    for (const event of events) logAlert(this.#parts.log, event);
  }

  /** Takes note of a session that a durable event has changed. */
  noteSession(session: Session): void {
    this.#evaluation.note(session);
  }

  /** Those that have not resolved, as they are durable, oldest first. */
  get open(): Alert[] {
    return [...this.#parts.registry.things.alerts.committed.values()].filter((alert) => !isPast(alert));
  }

  /** Holds all rules against what they watch, and waits until what came of it is written down; to be called every second. */
  async run(figures: DaemonFigures): Promise<void> {
    this.rates.prune();
    const metrics = new Set(
      allRules(this.#parts.registry).flatMap((rule) => (rule.enabled ? rule.metric : [])),
    );
    await this.#readings.refresh(figures, metrics);
    await this.#evaluation.run();
    await Promise.all(this.#writes);
    await this.#delivery.retryReports();
  }

  /** Breaks off deliveries. Those go on with the next start. */
  close(): Promise<void> {
    return this.#delivery.close();
  }

  /** What cannot be written down comes up again with the next run: a rule looks at how things are. */
  #write(verdict: Verdict): void {
    const written = this.#parts
      .record(this.#command(verdict))
      .then(
        () => void (this.#hasFailed = false),
        (err: unknown) => this.#complain(err, verdict),
      )
      .finally(() => this.#writes.delete(written));
    this.#writes.add(written);
  }

  #command(verdict: Verdict): Command {
    if (verdict.type === "resolve") {
      const { alertId, value, reason } = verdict;
      return { type: "alert/resolve", alertId, value, reason };
    }
    const { ruleId, sessionId: about, value } = verdict;
    const alertId = uuidv7(this.#parts.clock.nowMs(), randomUUID());
    return { type: "alert/fire", alertId, ruleId, about, value };
  }

  /** Once until it works again: it would be a line a second. */
  #complain(err: unknown, verdict: Verdict): void {
    const level = this.#hasFailed ? "debug" : "warn";
    this.#hasFailed = true;
    this.#parts.log[level](
      { err, event: "alert.unwritten", ...verdict },
      "An alert could not be written down",
    );
  }
}
