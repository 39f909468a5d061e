import { ALERT_OWNER, alertIdOf, evolveAlert } from "../../src/session/alert.js";
import { evolveAlertRule, ruleIdOf } from "../../src/session/alertRule.js";
import type { Alert, AlertRule } from "../../src/session/alertState.js";
import type { Command } from "../../src/session/commands.js";
import type { Head } from "../../src/session/decision.js";
import type { Event, Stamp } from "../../src/session/events.js";
import { agentIdOf, evolveChain } from "../../src/session/chain.js";
import { evolve } from "../../src/session/evolve.js";
import { commandIdOf, evolveExecution } from "../../src/session/evolveExecution.js";
import { evolveInvocation, invocationIdOf } from "../../src/session/invocation.js";
import type {
  Chain,
  CheckpointValue,
  Execution,
  Invocation,
  Session,
  Template,
} from "../../src/session/state.js";
import { isOver } from "../../src/session/state.js";
import { evolveTemplate, templateIdOf } from "../../src/session/template.js";

/** An event with its stamp, as a journal keeps it. */
export interface Recorded {
  readonly event: Event;
  readonly stamp: Stamp;
}

type Evolve<Thing> = (thing: Thing | undefined, event: Event, stamp: Stamp) => Thing | undefined;

interface State {
  readonly sessions: readonly Session[];
  readonly executions: readonly Execution[];
  readonly templates: readonly Template[];
  readonly invocations: readonly Invocation[];
  readonly chains: readonly Chain[];
  readonly alertRules: readonly AlertRule[];
  readonly alerts: readonly Alert[];
  readonly values: readonly (readonly [checkpointId: string, value: CheckpointValue])[];
}

/** The smallest head that there can be: two maps, moved by `evolve` alone. */
export class Model implements Head {
  readonly sessions = new Map<string, Session>();
  readonly executions = new Map<string, Execution>();
  readonly templates = new Map<string, Template>();
  readonly invocations = new Map<string, Invocation>();
  readonly chains = new Map<string, Chain>();
  readonly alertRules = new Map<string, AlertRule>();
  readonly alerts = new Map<string, Alert>();
  /** What checkpoints keep, by their ids: those of sessions that are gone, too. */
  readonly values = new Map<string, CheckpointValue>();

  /** The state after these events; `from` is a state as a snapshot gives it back. */
  static replay(history: readonly Recorded[], from: object = {}): Model {
    const model = new Model();
    const {
      sessions = [],
      executions = [],
      templates = [],
      invocations = [],
      values = [],
      chains = [],
      alertRules = [],
      alerts = [],
    } = from as Partial<State>;
    for (const session of sessions) model.sessions.set(session.sessionId, session);
    for (const execution of executions) model.executions.set(execution.commandId, execution);
    for (const template of templates) model.templates.set(template.templateId, template);
    for (const one of invocations) model.invocations.set(one.invocationId, one);
    for (const chain of chains) model.chains.set(chain.agentId, chain);
    for (const rule of alertRules) model.alertRules.set(rule.ruleId, rule);
    for (const alert of alerts) model.alerts.set(alert.alertId, alert);
    for (const [checkpointId, value] of values) model.values.set(checkpointId, value);
    for (const recorded of history) model.apply(recorded);
    return model;
  }

  session(sessionId: string): Session | undefined {
    return this.sessions.get(sessionId);
  }

  execution(commandId: string): Execution | undefined {
    return this.executions.get(commandId);
  }

  get things(): Head["things"] {
    const { templates, invocations, chains, alertRules, alerts } = this;
    return {
      templates: { head: (id) => templates.get(id), headSize: templates.size },
      invocations: {
        head: (id) => invocations.get(id),
        headOf: (sessionId) => this.invocationsOf(sessionId),
        headSize: invocations.size,
      },
      chains: { head: (id) => chains.get(id), headSize: chains.size },
      alertRules: { head: (id) => alertRules.get(id), headSize: alertRules.size },
      alerts: {
        head: (id) => alerts.get(id),
        headOf: (owner) => (owner === ALERT_OWNER ? alerts.values() : []),
        headSize: alerts.size,
      },
    };
  }

  get sessionCount(): number {
    return this.sessions.size;
  }

  get liveCount(): number {
    return [...this.executions.values()].filter(({ status }) => !isOver(status)).length;
  }

  executionsOf(sessionId: string): Execution[] {
    return [...this.executions.values()].filter((one) => one.sessionId === sessionId);
  }

  invocationsOf(sessionId: string): Invocation[] {
    return [...this.invocations.values()].filter((one) => one.sessionId === sessionId);
  }

  apply({ event, stamp }: Recorded): void {
    const { sessionId } = event;
    if (sessionId === undefined) return this.#applyGlobal(event, stamp);
    this.noteValues([event]);
    const session = evolve(this.sessions.get(sessionId), event, stamp);
    if (session !== undefined) this.sessions.set(sessionId, deepFreeze(session));
    else {
      this.sessions.delete(sessionId);
      for (const { commandId } of this.executionsOf(sessionId)) this.executions.delete(commandId);
      for (const { invocationId } of this.invocationsOf(sessionId)) this.invocations.delete(invocationId);
    }
    this.#applyInvocation(event, stamp);
    const commandId = commandIdOf(event);
    if (commandId === undefined) return;
    const execution = evolveExecution(this.executions.get(commandId), event, stamp);
    if (execution !== undefined) this.executions.set(commandId, deepFreeze(execution));
  }

  #applyInvocation(event: Event, stamp: Stamp): void {
    const invocationId = invocationIdOf(event);
    if (invocationId === undefined) return;
    const invocation = evolveInvocation(this.invocations.get(invocationId), event, stamp);
    if (invocation !== undefined) this.invocations.set(invocationId, deepFreeze(invocation));
  }

  /** Keeps what the checkpoints keep that these events made. */
  noteValues(events: readonly Event[]): void {
    for (const event of events)
      if (event.type === "checkpoint/created") this.values.set(event.data.checkpointId, event.data.value);
  }

  #applyGlobal(event: Event, stamp: Stamp): void {
    const move = <Thing>(
      things: Map<string, Thing>,
      id: string | undefined,
      evolved: Evolve<Thing>,
    ): void => {
      if (id === undefined) return;
      const thing = evolved(things.get(id), event, stamp);
      if (thing === undefined) things.delete(id);
      else things.set(id, deepFreeze(thing));
    };
    move(this.chains, agentIdOf(event), evolveChain);
    move(this.templates, templateIdOf(event), evolveTemplate);
    move(this.alertRules, ruleIdOf(event), evolveAlertRule);
    move(this.alerts, alertIdOf(event), evolveAlert);
  }

  /** The state as JSON gives it back. */
  toJson(): object {
    return throughJson({
      sessions: [...this.sessions.values()],
      executions: [...this.executions.values()],
      templates: [...this.templates.values()],
      invocations: [...this.invocations.values()],
      chains: [...this.chains.values()],
      alertRules: [...this.alertRules.values()],
      alerts: [...this.alerts.values()],
      values: [...this.values],
    });
  }
}

/** What a value is after it was written as JSON and read again. */
export function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** Makes a change of the value, or of anything in it, throw. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const item of Object.values(value)) deepFreeze(item);
  return Object.freeze(value);
}

/** Commands that change nothing when they come a second time. */
export const REPEATABLE: ReadonlySet<Command["type"]> = new Set([
  "session/pause",
  "session/resume",
  "session/end",
  "session/pin",
  "session/unpin",
  "session/archive",
  "session/release",
  "session/lapse",
  "session/unarchive",
  "session/trash",
  "session/untrash",
  "metadata/delete",
  "workspace/release",
  "chain/trim",
  "alert/fire",
  "alert/resolve",
  "alert/acknowledge",
  "alert/report-delivery",
  "command/report-start",
  "command/report-end",
]);
