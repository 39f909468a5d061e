import type { NotificationShapes } from "../src/protocol/types.js";

/** Who hears what becomes of a lease on this connection. */
export interface LeaseSink {
  readonly sessionId: string;
  /** Somebody has taken the session over, maybe this very program: the epoch says which lease is newer. */
  taken(notice: NotificationShapes["session/taken"]): void;
  /** The connection broke. */
  lost(): void;
}

/** The leases of one connection: leads each notification to those whom it concerns. */
export class LeaseSinks {
  /** With whether the claim was answered: one that was not learns by its call that the connection broke. */
  readonly #sinks = new Map<LeaseSink, boolean>();

  /** From now on it hears; before the claim is sent, since a takeover may stand in the same chunk as the answer. */
  add(sink: LeaseSink): void {
    this.#sinks.set(sink, false);
  }

  claimed(sink: LeaseSink): void {
    this.#sinks.set(sink, true);
  }

  delete(sink: LeaseSink): void {
    this.#sinks.delete(sink);
  }

  /** Takes one notification; those that tell of something else are left aside. */
  receive(method: string, params: unknown): void {
    if (method !== ("session/taken" satisfies keyof NotificationShapes)) return;
    const notice = params as NotificationShapes["session/taken"];
    for (const sink of this.#sinks.keys()) if (sink.sessionId === notice.sessionId) sink.taken(notice);
  }

  /** Tells all of them that the connection broke. */
  lost(): void {
    const sinks = [...this.#sinks];
    this.#sinks.clear();
    for (const [sink, isClaimed] of sinks) if (isClaimed) sink.lost();
  }
}
