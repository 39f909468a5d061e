import type { Journal } from "../journal/index.js";
import type { Refusal } from "../protocol/errors.js";
import { RefusalError } from "../protocol/errors.js";
import type { Clock } from "../schedule/clock.js";
import type { Bounds, Command } from "../session/commands.js";
import { decide } from "../session/decide.js";
import type { Event, Stamp } from "../session/events.js";
import { evolve } from "../session/evolve.js";
import { evolveExecution } from "../session/evolveExecution.js";
import { faultOfLease } from "../session/lease.js";
import type { Execution, Session } from "../session/state.js";
import type { Changes } from "./changes.js";
import type { Feed } from "./feed.js";
import type { HeldKey, KeyedCall, KeyEntry, Keys } from "./keys.js";
import type { Registry } from "./registry.js";
import { asRefusal, unavailable } from "./unavailable.js";

/** The state right after a command, from which its answer is made. */
export interface After {
  readonly session: Session | undefined;
  readonly execution: Execution | undefined;
  /** What happened; none where nothing changed. */
  readonly events: readonly Event[];
  /** Of the last of them. */
  readonly stamp: Stamp;
}

export interface SubmitOptions {
  readonly call?: KeyedCall | undefined;
  /** The lease that the caller shows. */
  readonly lease?: string | undefined;
  /** What the answer holds beside its seq. Made from head, and answered only when that is durable. */
  readonly show?: ((after: After) => object) | undefined;
  /** The daemon's own outcome: it may use the reserve when the disk is full, and no lease binds it. */
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
    const at = this.#parts.clock.nowMs();
    if (call === undefined) return this.#decide(command, options, at, undefined);
    const repeated = this.repeat(call, at);
    if (repeated !== undefined) return repeated;
    const held = this.#parts.keys.hold(call);
    const answer = this.#decide(command, options, at, held);
    held.answer = answer;
    return answer;
  }

  /** Resolves where a command would be taken now. @throws RefusalError as `submit` would */
  async foresee(command: Command): Promise<void> {
    const { journal, registry, clock, bounds } = this.#parts;
    if (journal.state !== "ok") throw unavailable(journal);
    const decision = decide(registry, command, { at: clock.nowMs() }, bounds);
    if ("refusal" in decision) await this.#refuse(decision.refusal, undefined);
  }

  /** The answer to a call whose key was used before; undefined where it is new. */
  repeat(call: KeyedCall, nowMs = this.#parts.clock.nowMs()): Promise<Answer> | undefined {
    const found = this.#parts.keys.find(call, nowMs);
    switch (found.state) {
      case "done":
        return Promise.resolve(answerOf(found.entry.a, found.entry.seq));
      case "pending":
        return found.answer as Promise<Answer>;
      case "refused":
        return this.#refuse(found.refusal, undefined);
      case "new":
        return undefined;
    }
  }

  #decide(command: Command, options: SubmitOptions, at: number, held: HeldKey | undefined): Promise<Answer> {
    const { journal, registry, clock, bounds } = this.#parts;
    if (journal.state !== "ok" && options.isOwn !== true) {
      this.#release(held);
      return Promise.reject(unavailable(journal));
    }
    const fault = options.isOwn === true ? undefined : faultOfLease(registry, command, options.lease);
    const decision = fault ?? decide(registry, command, { at }, bounds);
    if ("refusal" in decision) return this.#refuse(decision.refusal, held);
    const { events } = decision;
    const stamp = { seq: journal.head + events.length, at, up: Math.round(clock.upMs()) };
    const shown = options.show?.(this.#after(command, events, stamp));
    if (events.length === 0) return this.#unchanged(shown, stamp, held);
    return new Promise((resolve, reject) => {
      const refuse = (error: Error): void => {
        this.#release(held);
        reject(asRefusal(error, journal));
      };
      try {
        journal.append({ at, up: stamp.up, events, key: keyEntry(options.call, shown) }, (error) => {
          if (error !== undefined) return refuse(error);
          if (held !== undefined) this.#parts.keys.settle(held, shown, stamp);
          this.#commit({ events, stamp, changes });
          resolve(answerOf(shown, stamp.seq));
        });
      } catch (error) {
        return refuse(error as Error);
      }
      // Head moves last: where the journal throws, because it cannot write this record at all, nothing has.
      const changes = registry.apply(events, stamp);
    });
  }

  #commit(committed: Committed): void {
    const { registry, feed, onCommitted } = this.#parts;
    const { events, stamp, changes } = committed;
    registry.commit(changes);
    onCommitted(committed);
    if (feed.size > 0) feed.publish({ seq: stamp.seq, at: stamp.at, up: stamp.up, events });
  }

  /**
   * Nothing has happened, so no record holds the key: it is remembered by this daemon and its snapshots alone.
   * After a crash the repeated call is decided anew.
   */
  #unchanged(shown: object | undefined, stamp: Stamp, held: HeldKey | undefined): Promise<Answer> {
    const { journal, keys } = this.#parts;
    return new Promise((resolve, reject) => {
      journal.whenDurable((error) => {
        if (error !== undefined) {
          this.#release(held);
          return reject(asRefusal(error, journal));
        }
        if (held !== undefined) keys.settle(held, shown, stamp);
        resolve(answerOf(shown, stamp.seq));
      });
    });
  }

  /** A refusal is not remembered: the call may be tried again. */
  #refuse(refusal: Refusal, held: HeldKey | undefined): Promise<never> {
    const { journal } = this.#parts;
    return new Promise((_, reject) => {
      journal.whenDurable((error) => {
        this.#release(held);
        reject(error === undefined ? new RefusalError(refusal) : asRefusal(error, journal));
      });
    });
  }

  #release(held: HeldKey | undefined): void {
    if (held !== undefined) this.#parts.keys.release(held);
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
    return { session, execution, events, stamp };
  }
}

function answerOf(shown: object | undefined, seq: number): Answer {
  return shown === undefined ? { seq } : { ...shown, seq };
}

function keyEntry(call: KeyedCall | undefined, shown: object | undefined): KeyEntry | undefined {
  if (call === undefined) return undefined;
  const { key: k, method: m, digest: d } = call;
  return shown === undefined ? { k, m, d } : { k, m, d, a: shown };
}
