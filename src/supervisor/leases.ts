import { randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";

import type { NotificationShapes, Result } from "../protocol/types.js";
import type { Clock } from "../schedule/clock.js";
import { DeadlineHeap } from "../schedule/deadlines.js";
import type { Command } from "../session/commands.js";
import type { Head } from "../session/decision.js";
import type { Event } from "../session/events.js";
import { RefusalError } from "../protocol/errors.js";
import { faultOfLease } from "../session/lease.js";
import type { KeyedCall } from "./keys.js";
import type { After, Answer, SubmitOptions } from "./ledger.js";
import type { Registry } from "./registry.js";

/** A connection, as far as leases are concerned. */
export interface LeaseHolder {
  /** It is gone, and holds nothing any more. */
  readonly isGone: boolean;
  /** Tells it that somebody took over a session that it had. */
  taken(notice: NotificationShapes["session/taken"]): void;
}

type Claim = Omit<Extract<Command, { type: "session/claim" }>, "type" | "token">;

interface LeasesParts {
  readonly registry: Head & Pick<Registry, "committedSessions">;
  readonly clock: Clock;
  readonly submit: (command: Command, options: SubmitOptions) => Promise<Answer>;
  /** How long a lease outlives its connection, in up-time; 10 s where this is left out. */
  readonly graceMs: number | undefined;
}

/** A lease that is durable, with the connection that it belongs to; without one its grace period runs. */
interface HeldLease {
  readonly sessionId: string;
  readonly token: string;
  readonly epoch: number;
  holder: LeaseHolder | undefined;
}

const GRACE_MS = 10_000;
/** When to look again at a lease of which the end is being decided, or could not be recorded. */
const AGAIN_MS = 1_000;

/**
 * Which connection each lease belongs to. Every durable lease either has one that is there, or a deadline by which
 * somebody has to show it again. The state machine knows nothing of it: it is told when a lease has lapsed.
 */
export class Leases {
  readonly #parts: LeasesParts;
  readonly #held = new Map<string, HeldLease>();
  readonly #byHolder = new Map<LeaseHolder, Set<HeldLease>>();
  /** By up-time, which stands still while nobody could have shown anything. */
  readonly #graces = new DeadlineHeap<string>();

  constructor(parts: LeasesParts) {
    this.#parts = parts;
  }

  /** After a start nobody is connected: the grace of every lease begins. */
  begin(): void {
    for (const { sessionId, lease } of this.#parts.registry.committedSessions.values())
      if (lease?.isHeld === true) this.#add({ ...lease, sessionId, holder: undefined });
  }

  /**
   * Claims a session for a connection, or takes up again what its caller has.
   *
   * @throws RefusalError where somebody else holds it, the lease that is shown is over, or the session has ended
   */
  async claim(
    holder: LeaseHolder,
    { sessionId, held, takeover, holder: name }: Claim,
    call: KeyedCall | undefined,
  ): Promise<Result<"session/claim">> {
    // At once, and also where the disk takes no writes now: whoever shows the lease is there.
    if (held !== undefined) this.#bind(holder, sessionId, held);
    const token = randomBytes(16).toString("hex");
    const command = { type: "session/claim", sessionId, token, held, takeover, holder: name } as const;
    const answer = (await this.#parts.submit(command, { call, show: shownToHolder })) as Answer &
      Result<"session/claim">;
    // The answer to a repeated call may name a lease that is over by now; then nothing is bound by it.
    this.#bind(holder, sessionId, answer.lease);
    return answer;
  }

  /** Whether a caller that shows this lease, or none, may ask that, as far as leases are concerned. */
  admits(command: Command, lease: string | undefined): boolean {
    return faultOfLease(this.#parts.registry, command, lease) === undefined;
  }

  /** Refuses what `admits` does not. @throws RefusalError */
  demand(command: Command, lease: string | undefined): void {
    const fault = faultOfLease(this.#parts.registry, command, lease);
    if (fault !== undefined) throw new RefusalError(fault.refusal);
  }

  /** A connection is gone: the grace of its leases begins. */
  gone(holder: LeaseHolder): void {
    for (const lease of this.#byHolder.get(holder) ?? []) {
      lease.holder = undefined;
      this.#graces.arm(lease.sessionId, this.#graceEndMs());
    }
    this.#byHolder.delete(holder);
  }

  /** Takes note of what has become durable. */
  note(events: readonly Event[]): void {
    for (const { type, sessionId, data } of events) {
      if (type === "session/released") this.#remove(sessionId);
      if (type !== "session/claimed") continue;
      const former = this.#remove(sessionId);
      // It has its grace to come to its connection: its caller may be gone before the answer.
      this.#add({ sessionId, token: data.token, epoch: data.epoch, holder: undefined });
      const { epoch, holder } = data;
      former?.holder?.taken({ sessionId, epoch, ...(holder === undefined ? {} : { holder }) });
    }
  }

  /**
   * Ends the leases whose grace is over; to be called every second. Rejects where that could not be recorded: it comes up
   * again.
   */
  async releaseDue(): Promise<void> {
    const nowMs = this.#parts.clock.upMs();
    // What already waits in the sockets, a lease that is shown again perhaps, is heard first: read, and then carried out.
    await turn();
    await turn();
    const ends = this.#graces.popDue(nowMs).map((sessionId) => this.#lapse(sessionId));
    const failure = (await Promise.all(ends)).find((error) => error !== undefined);
    if (failure !== undefined) throw failure;
  }

  /** Ends one lease; answers the error where that could not be recorded. */
  async #lapse(sessionId: string): Promise<unknown> {
    const lease = this.#held.get(sessionId);
    if (lease === undefined) return undefined;
    // Until its end is durable, it is due.
    this.#graces.arm(sessionId, this.#parts.clock.upMs() + AGAIN_MS);
    const head = this.#parts.registry.session(sessionId)?.lease;
    if (head?.isHeld !== true || head.epoch !== lease.epoch) return undefined;
    try {
      await this.#parts.submit({ type: "session/lapse", sessionId, epoch: lease.epoch }, { isOwn: true });
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** From now on the lease belongs to this connection, if it is the one that is held. */
  #bind(holder: LeaseHolder, sessionId: string, token: string): void {
    const lease = this.#held.get(sessionId);
    if (lease?.token !== token || holder.isGone) return;
    this.#unbind(lease);
    lease.holder = holder;
    this.#graces.disarm(sessionId);
    const own = this.#byHolder.get(holder);
    if (own === undefined) this.#byHolder.set(holder, new Set([lease]));
    else own.add(lease);
  }

  #unbind(lease: HeldLease): void {
    const own = lease.holder === undefined ? undefined : this.#byHolder.get(lease.holder);
    own?.delete(lease);
    if (own?.size === 0 && lease.holder !== undefined) this.#byHolder.delete(lease.holder);
  }

  #add(lease: HeldLease): void {
    this.#held.set(lease.sessionId, lease);
    this.#graces.arm(lease.sessionId, this.#graceEndMs());
  }

  #remove(sessionId: string): HeldLease | undefined {
    const lease = this.#held.get(sessionId);
    if (lease === undefined) return undefined;
    this.#held.delete(sessionId);
    this.#graces.disarm(sessionId);
    this.#unbind(lease);
    return lease;
  }

  #graceEndMs(): number {
    return this.#parts.clock.upMs() + (this.#parts.graceMs ?? GRACE_MS);
  }
}

function shownToHolder({ session }: After): object {
  const lease = session?.lease;
  return lease === undefined ? {} : { lease: lease.token, epoch: lease.epoch };
}
