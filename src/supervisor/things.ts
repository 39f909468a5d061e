import type { ThingsHead } from "../session/decision.js";
import type { Event, Stamp } from "../session/events.js";
import { LIMITS } from "../protocol/limits.js";
import { ALERT_OWNER, alertIdOf, evolveAlert, isDone } from "../session/alert.js";
import { evolveAlertRule, ruleIdOf } from "../session/alertRule.js";
import { agentIdOf, currentOf, evolveChain } from "../session/chain.js";
import { evolveInvocation, invocationIdOf } from "../session/invocation.js";
import type { Chain, Invocation, Template } from "../session/state.js";
import type { Alert, AlertRule } from "../session/alertState.js";
import { evolveTemplate, templateIdOf } from "../session/template.js";
import { Collection, type Kind } from "./collection.js";

const TEMPLATES: Kind<Template> = {
  name: "template",
  keyOf: ({ templateId }) => templateId,
  idOf: templateIdOf,
  evolve: evolveTemplate,
};

const INVOCATIONS: Kind<Invocation> = {
  name: "invocation",
  keyOf: ({ invocationId }) => invocationId,
  idOf: invocationIdOf,
  evolve: evolveInvocation,
  owned: {
    ownerOf: ({ sessionId }) => sessionId,
    isOver: ({ status }) => status !== "running",
    keepPerSession: LIMITS.knownInvocations,
  },
};

const CHAINS: Kind<Chain> = {
  name: "chain",
  keyOf: ({ agentId }) => agentId,
  idOf: agentIdOf,
  evolve: evolveChain,
  refersTo: (chain) => currentOf(chain)?.sessionId,
  pieces: {
    of: (chain) => chain.chunks.map((chunk) => ({ ...chain, chunks: [chunk] })),
    join: (before, piece) => ({ ...piece, chunks: [...before.chunks, ...piece.chunks] }),
  },
};

const ALERT_RULES: Kind<AlertRule> = {
  name: "alertRule",
  keyOf: ({ ruleId }) => ruleId,
  idOf: ruleIdOf,
  evolve: evolveAlertRule,
};

const ALERTS: Kind<Alert> = {
  name: "alert",
  keyOf: ({ alertId }) => alertId,
  idOf: alertIdOf,
  evolve: evolveAlert,
  owned: { ownerOf: () => ALERT_OWNER, isOver: isDone, keepPerSession: LIMITS.pastAlerts },
};

/** One entry of a snapshot. */
export interface ThingEntry {
  /** The name of its kind. */
  readonly of: string;
  readonly thing: object;
}

/** Everything that follows from events beside sessions and commands: one collection a kind. */
export class Things implements ThingsHead {
  readonly templates = new Collection<Template>(TEMPLATES);
  readonly invocations = new Collection<Invocation>(INVOCATIONS);
  /** It refers to the current session of each agent, which has to stay for it. */
  readonly chains = new Collection<Chain>(CHAINS);
  readonly alertRules = new Collection<AlertRule>(ALERT_RULES);
  readonly alerts = new Collection<Alert>(ALERTS);
  readonly #all: readonly AnyCollection[] = [
    this.templates,
    this.invocations,
    this.chains,
    this.alertRules,
    this.alerts,
  ];

  /** Moves head by one event of a record; `seq` is that of the record's last event. */
  apply(event: Event, stamp: Stamp, seq: number): void {
    for (const collection of this.#all) collection.apply(event, stamp, seq);
  }

  /** Makes durable what the records up to `seq` moved. */
  commit(seq: number): void {
    for (const collection of this.#all) collection.commit(seq);
  }

  /** Head falls back to what is durable. */
  rollback(): void {
    for (const collection of this.#all) collection.rollback();
  }

  /** All that is durable, for a snapshot: references, taken in this tick. */
  committed(): ThingEntry[] {
    return this.#all.flatMap((one) => one.entries().map((thing) => ({ of: one.kind.name, thing })));
  }

  /** Takes over one entry of a snapshot. @throws where it is of a kind that this version does not know */
  restore({ of, thing }: ThingEntry): void {
    const collection = this.#all.find(({ kind }) => kind.name === of);
    if (collection === undefined) throw new Error(`The snapshot has an entry of an unknown kind, "${of}".`);
    collection.restore(thing);
  }
}

/** A collection of whatever kind: what is done to all of them does not look into the things. */
type AnyCollection = Pick<Collection<object>, "apply" | "commit" | "rollback" | "entries"> & {
  readonly kind: Pick<Kind<object>, "name">;
  restore(thing: object): void;
};
