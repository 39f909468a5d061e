import { tmpdir } from "node:os";

import type { Alert } from "../../../src/session/alertState.js";
import type { Command } from "../../../src/session/commands.js";
import { decide } from "../../../src/session/decide.js";
import type { Event } from "../../../src/session/events.js";
import type { Session } from "../../../src/session/state.js";
import { Alerts, type MetricSource } from "../../../src/supervisor/alerts/alerts.js";
import { Registry } from "../../../src/supervisor/registry.js";
import { BOUNDS, session } from "../../session/samples.js";
import { SteppedClock } from "../steppedClock.js";

type Fields = Extract<Command, { type: "alert/set-rule" }>["fields"];

const MANY = { ...BOUNDS, alertRules: 100, openAlerts: 1_000 };

/** What is logged. */
interface Line {
  readonly level: string;
  readonly fields: object;
  readonly message: string;
}

/** Alerts over a registry, with a clock that stands still and a journal that is as fast as can be. */
export class AlertBench {
  readonly clock = new SteppedClock();
  readonly registry = new Registry({ keepPerSession: 10 });
  readonly events: Event[] = [];
  readonly lines: Line[] = [];
  /** What the processes of the sessions take. */
  readonly samples = new Map<string, NonNullable<ReturnType<MetricSource["latest"]>>>();
  readonly journal: { state: "ok" | "full" | "failed" } = { state: "ok" };
  system: ReturnType<MetricSource["system"]> = { cpuPercent: 12.345, memoryBytes: 1_000 };
  figures = { loopP99Ms: 0, connections: 0 };
  /** Where it is set, nothing can be written down. */
  failure: Error | undefined;
  alerts: Alerts;
  #seq = 0;

  constructor() {
    this.alerts = this.open();
  }

  /** Alerts as a daemon has them that was started now. */
  open(options: { readonly metrics?: undefined; readonly dataDir?: string } = {}): Alerts {
    const log = (level: string) => (fields: object, message: string) =>
      void this.lines.push({ level, fields, message });
    this.alerts = new Alerts({
      clock: this.clock,
      registry: this.registry,
      journal: this.journal,
      dataDir: tmpdir(),
      record: (command) => this.do(command),
      log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
      metrics: { latest: (sessionId) => this.samples.get(sessionId), system: () => this.system },
      firstPauseMs: 1,
      ...options,
    });
    this.alerts.begin();
    return this.alerts;
  }

  /** Takes a session in, as it is now. */
  session(changes: Partial<Session>): void {
    const one = session(changes);
    this.registry.restoreSession(one);
    this.alerts.noteSession(one);
  }

  rule(ruleId: string, fields: Fields): Promise<void> {
    return this.do({ type: "alert/set-rule", ruleId, fields });
  }

  /** A rule that holds for any value of this metric. */
  registerRule(metric: NonNullable<Fields["metric"]>): Promise<void> {
    return this.rule(metric.replace(".", "-"), { metric, comparison: "above", threshold: -1 });
  }

  async do(command: Command): Promise<void> {
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    const decision = decide(this.registry, command, { at: this.clock.nowMs() }, MANY);
    if ("refusal" in decision) throw new Error(decision.refusal.message);
    const { events } = decision;
    if (events.length === 0) return;
    this.#seq += events.length;
    const stamp = { seq: this.#seq, at: this.clock.nowMs(), up: this.clock.upMs() };
    this.registry.commit(this.registry.apply(events, stamp));
    this.events.push(...events);
    this.alerts.note(events);
  }

  /** Lets seconds pass, and has the rules looked at after each. Answers what happened to alerts meanwhile. */
  async pass(seconds = 1): Promise<string[]> {
    const from = this.events.length;
    for (let second = 0; second < seconds; second += 1) {
      this.clock.pass(1_000);
      await this.alerts.run(this.figures);
    }
    return this.events.slice(from).map((event) => {
      if (event.type === "alert/fired") return `${event.data.ruleId} fired ${event.data.sessionId ?? "-"}`;
      if (event.type === "alert/resolved") return `${event.data.ruleId} resolved ${event.data.reason}`;
      return event.type;
    });
  }

  get all(): Alert[] {
    return [...this.registry.things.alerts.committed.values()];
  }
}
