import type { Event, SessionEvent, Stamp } from "../session/events.js";
import type { Head } from "../session/decision.js";
import { evolve } from "../session/evolve.js";
import { commandIdOf, evolveExecution } from "../session/evolveExecution.js";
import type { Execution, Session } from "../session/state.js";
import { isOver } from "../session/state.js";
import { type Changes, note, type OpenChanges } from "./changes.js";
import { Layered, type OrderedView } from "./layered.js";
import { StatusCounts } from "./statusCounts.js";
import { Things } from "./things.js";

/**
 * All sessions and commands, twice: as they are durable (`committed…`), which is what everybody is shown,
 * and at head, which is what the next command is decided on.
 */
export class Registry implements Head {
  /** What there is beside sessions and their commands. */
  readonly things = new Things();
  readonly #sessions = new Layered<Session>();
  readonly #executions = new Layered<Execution>();
  readonly #counts = new StatusCounts();
  /** Command ids of each session at head, oldest first. */
  #bySession = new Map<string, string[]>();
  #live = 0;
  /** How many commands of one session are remembered. */
  readonly keepPerSession: number;

  constructor(options: { readonly keepPerSession: number }) {
    this.keepPerSession = options.keepPerSession;
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
  get committedSessions(): OrderedView<Session> {
    return this.#sessions.committed;
  }

  /** How many of them there are, by status. */
  get committedCounts(): Pick<StatusCounts, "of"> {
    return this.#counts;
  }

  /** Commands as they are durable, oldest first. */
  get committedExecutions(): OrderedView<Execution> {
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
    const changes: OpenChanges = { seq: stamp.seq, sessions: [], executions: [], removed: [], dropped: [] };
    let seq = stamp.seq - events.length;
    for (const event of events) {
      seq += 1;
      const at = seq === stamp.seq ? stamp : { ...stamp, seq };
      this.things.apply(event, at, stamp.seq);
      if (event.sessionId === undefined) continue;
      this.#applyExecution(event, at, changes);
      const slot = this.#sessions.slot(event.sessionId);
      const before = slot.head;
      const session = evolve(before, event, at);
      this.#sessions.move(slot, session, stamp.seq);
      note(changes.sessions, slot, session);
      if (session !== undefined || before === undefined) continue;
      changes.removed.push(before);
      this.#dropAll(event.sessionId, changes);
    }
    return changes;
  }

  /** Makes durable what a record changed. Records are committed in the order in which they were applied. */
  commit({ seq, sessions, executions }: Changes): void {
    for (const { slot, value } of sessions) {
      this.#counts.moved(slot.committed, value);
      this.#sessions.commit(slot, value, seq);
    }
    for (const { slot, value } of executions) this.#executions.commit(slot, value, seq);
    this.things.commit(seq);
  }

  /** Head falls back to what is durable: everything decided since was refused. */
  rollback(): void {
    this.#sessions.rollback();
    this.#executions.rollback();
    this.things.rollback();
    this.#index();
  }

  /** Takes over one entry of a snapshot. */
  restoreSession(session: Session): void {
    this.#sessions.restore(session.sessionId, session);
    this.#counts.moved(undefined, session);
  }

  /** Takes over one entry of a snapshot. */
  restoreExecution(execution: Execution): void {
    this.#executions.restore(execution.commandId, execution);
    this.#link(execution);
    if (!isOver(execution.status)) this.#live += 1;
  }

  #applyExecution(event: SessionEvent, stamp: Stamp, changes: OpenChanges): void {
    const commandId = commandIdOf(event);
    if (commandId === undefined) return;
    const before = this.execution(commandId);
    const after = evolveExecution(before, event, stamp);
    if (after === undefined) return;
    this.#moveExecution(commandId, after, changes);
    if (before === undefined) this.#link(after);
    this.#live += Number(!isOver(after.status)) - Number(before !== undefined && !isOver(before.status));
    if (before === undefined) this.#dropOldest(event.sessionId, changes);
  }

  #moveExecution(commandId: string, value: Execution | undefined, { seq, executions }: OpenChanges): void {
    const slot = this.#executions.slot(commandId);
    this.#executions.move(slot, value, seq);
    note(executions, slot, value);
  }

  #link(execution: Execution): void {
    const ids = this.#bySession.get(execution.sessionId);
    if (ids === undefined) this.#bySession.set(execution.sessionId, [execution.commandId]);
    else ids.push(execution.commandId);
  }

  /** Drops the oldest commands that are over. Those that are live stay, however many there are. */
  #dropOldest(sessionId: string, changes: OpenChanges): void {
    const ids = this.#bySession.get(sessionId) ?? [];
    for (let surplus = ids.length - this.keepPerSession; surplus > 0; surplus--) {
      const index = ids.findIndex((commandId) => isOver(this.execution(commandId)?.status ?? "lost"));
      const [commandId] = index < 0 ? [] : ids.splice(index, 1);
      const execution = commandId === undefined ? undefined : this.execution(commandId);
      if (execution === undefined) return;
      this.#moveExecution(execution.commandId, undefined, changes);
      changes.dropped.push(execution);
    }
  }

  #dropAll(sessionId: string, changes: OpenChanges): void {
    for (const commandId of this.#bySession.get(sessionId) ?? [])
      this.#moveExecution(commandId, undefined, changes);
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
