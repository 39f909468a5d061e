import type { Event, Stamp } from "../session/events.js";
import type { Head } from "../session/decision.js";
import { evolve } from "../session/evolve.js";
import { commandIdOf, evolveExecution } from "../session/evolveExecution.js";
import type { Execution, Session } from "../session/state.js";
import { isOver } from "../session/state.js";
import { Layered } from "./layered.js";

/** What one record changed, to be committed when it is durable. An absent value is a removal. */
export interface Changes {
  /** The number of the record's last event. */
  readonly seq: number;
  readonly sessions: ReadonlyMap<string, Session | undefined>;
  readonly executions: ReadonlyMap<string, Execution | undefined>;
  /** Sessions as they were before their deletion. */
  readonly removed: readonly Session[];
  /** Commands that were dropped because their session has newer ones enough. */
  readonly dropped: readonly Execution[];
}

/** What the record that is being applied has changed so far. */
interface OpenChanges {
  readonly seq: number;
  readonly executions: Map<string, Execution | undefined>;
  readonly dropped: Execution[];
}

/**
 * All sessions and commands, twice: as they are durable (`committed…`), which is what everybody is shown,
 * and at head, which is what the next command is decided on.
 */
export class Registry implements Head {
  readonly #sessions = new Layered<Session>();
  readonly #executions = new Layered<Execution>();
  /** Command ids of each session at head, oldest first. */
  #bySession = new Map<string, string[]>();
  #live = 0;
  readonly #keepPerSession: number;

  constructor(options: { readonly keepPerSession: number }) {
    this.#keepPerSession = options.keepPerSession;
  }

  session(sessionId: string): Session | undefined {
    return this.#sessions.head(sessionId);
  }

  execution(commandId: string): Execution | undefined {
    return this.#executions.head(commandId);
  }

  get sessionCount(): number {
    return this.#sessions.headSize;
  }

  get liveCount(): number {
    return this.#live;
  }

  /** Sessions as they are durable, oldest first. */
  get committedSessions(): ReadonlyMap<string, Session> {
    return this.#sessions.committed;
  }

  /** Commands as they are durable, oldest first. */
  get committedExecutions(): ReadonlyMap<string, Execution> {
    return this.#executions.committed;
  }

  /** Durable commands of one session, oldest first. */
  executionsOf(sessionId: string): Execution[] {
    const ids = this.#bySession.get(sessionId) ?? [];
    return ids.flatMap((commandId) => {
      const execution = this.#executions.committed.get(commandId);
      // At head the id may be in use again already, by another session.
      return execution?.sessionId === sessionId ? [execution] : [];
    });
  }

  /** Moves head by the events of one record. `stamp.seq` is the number of the last of them. */
  apply(events: readonly Event[], stamp: Stamp): Changes {
    const sessions = new Map<string, Session | undefined>();
    const executions = new Map<string, Execution | undefined>();
    const removed: Session[] = [];
    const dropped: Execution[] = [];
    let seq = stamp.seq - events.length;
    for (const event of events) {
      seq += 1;
      const at = { ...stamp, seq };
      const { sessionId } = event;
      this.#applyExecution(event, at, { seq: stamp.seq, executions, dropped });
      const before = this.session(sessionId);
      const session = evolve(before, event, at);
      this.#sessions.set(sessionId, session, stamp.seq);
      sessions.set(sessionId, session);
      if (session !== undefined || before === undefined) continue;
      removed.push(before);
      this.#dropAll(sessionId, stamp.seq, executions);
    }
    return { seq: stamp.seq, sessions, executions, removed, dropped };
  }

  /** Makes durable what a record changed. Records are committed in the order in which they were applied. */
  commit({ seq, sessions, executions }: Changes): void {
    for (const [sessionId, session] of sessions) this.#sessions.commit(sessionId, session, seq);
    for (const [commandId, execution] of executions) this.#executions.commit(commandId, execution, seq);
  }

  /** Head falls back to what is durable: everything decided since was refused. */
  rollback(): void {
    this.#sessions.rollback();
    this.#executions.rollback();
    this.#index();
  }

  /** Takes over one entry of a snapshot. */
  restoreSession(session: Session): void {
    this.#sessions.restore(session.sessionId, session);
  }

  /** Takes over one entry of a snapshot. */
  restoreExecution(execution: Execution): void {
    this.#executions.restore(execution.commandId, execution);
    this.#link(execution);
    if (!isOver(execution.status)) this.#live += 1;
  }

  #applyExecution(event: Event, stamp: Stamp, changes: OpenChanges): void {
    const commandId = commandIdOf(event);
    if (commandId === undefined) return;
    const before = this.execution(commandId);
    const after = evolveExecution(before, event, stamp);
    if (after === undefined) return;
    this.#executions.set(commandId, after, changes.seq);
    changes.executions.set(commandId, after);
    if (before === undefined) this.#link(after);
    this.#live += Number(!isOver(after.status)) - Number(before !== undefined && !isOver(before.status));
    if (before === undefined) this.#dropOldest(event.sessionId, changes);
  }

  #link(execution: Execution): void {
    const ids = this.#bySession.get(execution.sessionId);
    if (ids === undefined) this.#bySession.set(execution.sessionId, [execution.commandId]);
    else ids.push(execution.commandId);
  }

  /** Drops the oldest commands that are over. Those that are live stay, however many there are. */
  #dropOldest(sessionId: string, { seq, executions, dropped }: OpenChanges): void {
    const ids = this.#bySession.get(sessionId) ?? [];
    for (let surplus = ids.length - this.#keepPerSession; surplus > 0; surplus--) {
      const index = ids.findIndex((commandId) => isOver(this.execution(commandId)?.status ?? "lost"));
      const [commandId] = index < 0 ? [] : ids.splice(index, 1);
      const execution = commandId === undefined ? undefined : this.execution(commandId);
      if (execution === undefined) return;
      this.#executions.set(execution.commandId, undefined, seq);
      executions.set(execution.commandId, undefined);
      dropped.push(execution);
    }
  }

  #dropAll(sessionId: string, seq: number, executions: Map<string, Execution | undefined>): void {
    for (const commandId of this.#bySession.get(sessionId) ?? []) {
      this.#executions.set(commandId, undefined, seq);
      executions.set(commandId, undefined);
    }
    this.#bySession.delete(sessionId);
  }

  #index(): void {
    this.#bySession = new Map();
    this.#live = 0;
    for (const execution of this.#executions.committed.values()) {
      this.#link(execution);
      if (!isOver(execution.status)) this.#live += 1;
    }
  }
}
