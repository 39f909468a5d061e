import type { Journal } from "../journal/index.js";
import type { Refusal } from "../protocol/errors.js";
import { RefusalError } from "../protocol/errors.js";
import type { Clock } from "../schedule/clock.js";
import type { Bounds, Command } from "../session/commands.js";
import { decide } from "../session/decide.js";
import type { Event, Stamp } from "../session/events.js";
import { evolve } from "../session/evolve.js";
import { evolveExecution } from "../session/evolveExecution.js";
import type { Execution, Session } from "../session/state.js";
import type { Feed } from "./feed.js";
import type { KeyedCall, KeyEntry, Keys } from "./keys.js";
import type { Changes, Registry } from "./registry.js";
import { asRefusal, unavailable } from "./unavailable.js";

/** The state right after a command, from which its answer is made. */
export interface After {
  readonly session: Session | undefined;
  readonly execution: Execution | undefined;
}

export interface SubmitOptions {
  readonly call?: KeyedCall | undefined;
  /** What the answer holds beside its seq. Made from head, and answered only when that is durable. */
  readonly show?: ((after: After) => object) | undefined;
  /** The daemon's own outcome: it may use the reserve when the disk is full. */
  readonly isOwn?: boolean;
}

/** A record that has become durable, with what it changed. */
export interface Committed {
  readonly events: readonly Event[];
  readonly stamp: Stamp;
  readonly changes: Changes;
}

export type Answer = { readonly seq: number } & Readonly<Record<string, unknown>>;

interface LedgerParts {
  readonly journal: Journal;
  readonly registry: Registry;
  readonly keys: Keys;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly bounds: Bounds;
  /** Runs the effects; called in the order of the records. */
  readonly onCommitted: (committed: Committed) => void;
}

/**
 * The way of every write: decided on head, journaled as one record, and answered when it is durable.
 * Refusals and no-ops too are answered only when the head that they saw is durable, so that nobody is ever
 * told what a crash could take back.
 */
export class Ledger {
  readonly #parts: LedgerParts;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  /** @throws RefusalError with what the state machine or the journal refused */
  submit(command: Command, options: SubmitOptions = {}): Promise<Answer> {
    const { call } = options;
    if (call === undefined) return this.#decide(command, options);
    const repeated = this.repeat(call);
    if (repeated !== undefined) return repeated;
    const held = this.#parts.keys.hold(call);
    held.answer = this.#decide(command, options);
    return held.answer as Promise<Answer>;
  }

  /** The answer to a call whose key was used before; undefined where it is new. */
  repeat(call: KeyedCall): Promise<Answer> | undefined {
    const found = this.#parts.keys.find(call, this.#parts.clock.nowMs());
    switch (found.state) {
      case "done":
        return Promise.resolve({ ...found.entry.a, seq: found.entry.seq });
      case "pending":
        return found.answer as Promise<Answer>;
      case "refused":
        return this.#refuse(found.refusal, undefined);
      case "new":
        return undefined;
    }
  }

  #decide(command: Command, options: SubmitOptions): Promise<Answer> {
    const { journal, registry, clock, bounds } = this.#parts;
    if (journal.state !== "ok" && options.isOwn !== true) {
      this.#release(options.call);
      return Promise.reject(unavailable(journal));
    }
    const at = clock.nowMs();
    const decision = decide(registry, command, { at }, bounds);
    if ("refusal" in decision) return this.#refuse(decision.refusal, options.call);
    const { events } = decision;
    const stamp = { seq: journal.head + events.length, at, up: Math.round(clock.upMs()) };
    const shown = options.show?.(this.#after(command, events, stamp));
    const key = keyEntry(options.call, shown);
    if (events.length === 0) return this.#unchanged({ ...shown, seq: stamp.seq }, key, at);
    const record = key === undefined ? { at, up: stamp.up, events } : { at, up: stamp.up, events, key };
    return new Promise((resolve, reject) => {
      const refuse = (error: Error): void => {
        this.#release(options.call);
        reject(asRefusal(error));
      };
      try {
        journal.append(record, (error) => {
          if (error !== undefined) return refuse(error);
          this.#commit({ events, stamp, changes }, key);
          resolve({ ...shown, seq: stamp.seq });
        });
      } catch (error) {
        return refuse(error as Error);
      }
      // Head moves last: where the journal throws, because it cannot write this record at all, nothing has.
      const changes = registry.apply(events, stamp);
    });
  }

  #commit(committed: Committed, key: KeyEntry | undefined): void {
    const { registry, keys, feed, onCommitted } = this.#parts;
    const { events, stamp, changes } = committed;
    registry.commit(changes);
    // Written out: on the way of every write a spread costs as much as all the rest of this.
    if (key !== undefined)
      keys.remember({ k: key.k, m: key.m, d: key.d, a: key.a, seq: stamp.seq, at: stamp.at });
    onCommitted(committed);
    if (feed.size > 0) feed.publish({ seq: stamp.seq, at: stamp.at, up: stamp.up, events });
  }

  /**
   * Nothing has happened, so no record holds the key: it is remembered by this daemon and its snapshots alone.
   * After a crash the repeated call is decided anew.
   */
  #unchanged(answer: Answer, key: KeyEntry | undefined, at: number): Promise<Answer> {
    const { journal, keys } = this.#parts;
    return new Promise((resolve, reject) => {
      journal.whenDurable((error) => {
        if (error !== undefined) {
          if (key !== undefined) keys.release(key.k);
          return reject(asRefusal(error));
        }
        if (key !== undefined) keys.remember({ ...key, seq: answer.seq, at });
        resolve(answer);
      });
    });
  }

  /** A refusal is not remembered: the call may be tried again. */
  #refuse(refusal: Refusal, call: KeyedCall | undefined): Promise<never> {
    return new Promise((_, reject) => {
      this.#parts.journal.whenDurable((error) => {
        this.#release(call);
        reject(error === undefined ? new RefusalError(refusal) : asRefusal(error));
      });
    });
  }

  #release(call: KeyedCall | undefined): void {
    if (call !== undefined) this.#parts.keys.release(call.key);
  }

  /** What head will be after the events of a command, which have not been applied yet. */
  #after(command: Command, events: readonly Event[], stamp: Stamp): After {
    const { registry } = this.#parts;
    let execution = "commandId" in command ? registry.execution(command.commandId) : undefined;
    const sessionId = "sessionId" in command ? command.sessionId : execution?.sessionId;
    let session = sessionId === undefined ? undefined : registry.session(sessionId);
    let seq = stamp.seq - events.length;
    for (const event of events) {
      seq += 1;
      session = evolve(session, event, { ...stamp, seq });
      execution = evolveExecution(execution, event, { ...stamp, seq });
    }
    return { session, execution };
  }
}

function keyEntry(call: KeyedCall | undefined, shown: object | undefined): KeyEntry | undefined {
  if (call === undefined) return undefined;
  const { key: k, method: m, digest: d } = call;
  return shown === undefined ? { k, m, d } : { k, m, d, a: shown };
}
