import type { EventShape, NotificationShapes, Result } from "../src/protocol/types.js";

/** Who receives the events of one subscription. */
export interface EventSink {
  /** The daemon has accepted the subscription; called before its first event. */
  opened(answer: Result<"event/subscribe">): void;
  event(event: EventShape): void;
  /** Nothing follows: the connection broke, or the daemon ended the subscription. */
  lost(): void;
}

/** A notification that belongs to a subscription. */
interface Notice {
  readonly subscriptionId: string;
  /** Absent where the daemon says that the journal no longer has what the subscription needs. */
  readonly event?: EventShape;
}

/** Notices that may come in for subscriptions of which the answer has not been handled yet. */
const EARLY_LIMIT = 10_000;

/**
 * The subscriptions of one connection: leads each notification to its sink.
 *
 * The first events of a subscription may stand in the same chunk as the answer that names it. The answer
 * resolves a promise, and its reader runs only after the whole chunk was handled; until then they are kept.
 */
export class Subscriptions {
  readonly #sinks = new Map<string, EventSink>();
  /** Those of which the end was asked for but not yet answered: what still comes for them is nobody's. */
  readonly #ending = new Set<string>();
  #early: Notice[] = [];
  #opening = 0;

  /**
   * Opens a subscription.
   *
   * @param subscribe sends the call.
   */
  async open(subscribe: () => Promise<Result<"event/subscribe">>, sink: EventSink): Promise<void> {
    this.#opening++;
    try {
      const answer = await subscribe();
      this.#sinks.set(answer.subscriptionId, sink);
      sink.opened(answer);
      const early = this.#early;
      this.#early = [];
      for (const notice of early) this.#lead(notice);
    } finally {
      this.#opening--;
      if (this.#opening === 0) this.#early = [];
    }
  }

  /**
   * Takes one notification; those that belong to no subscription are left aside.
   *
   * @returns false when more came for nobody than can be kept: the connection is no longer to be trusted.
   */
  receive(method: string, params: unknown): boolean {
    const name = method as keyof NotificationShapes;
    if (name === "event") {
      const { subscriptionId, ...event } = params as NotificationShapes["event"];
      this.#lead({ subscriptionId, event });
    } else if (name === "event/gap") {
      this.#lead({ subscriptionId: (params as NotificationShapes["event/gap"]).subscriptionId });
    }
    return this.#early.length <= EARLY_LIMIT;
  }

  /**
   * Ends a subscription: its sink gets nothing more, from now on.
   *
   * @param unsubscribe sends the call. That it fails does not matter: then the connection is gone, and the
   *   subscription with it.
   */
  end(subscriptionId: string, unsubscribe: () => Promise<unknown>): void {
    this.#sinks.delete(subscriptionId);
    this.#ending.add(subscriptionId);
    const forget = (): void => {
      this.#ending.delete(subscriptionId);
    };
    unsubscribe().then(forget, forget);
  }

  /** Tells every sink that the connection broke. */
  lost(): void {
    const sinks = [...this.#sinks.values()];
    this.#sinks.clear();
    for (const sink of sinks) sink.lost();
  }

  #lead(notice: Notice): void {
    const { subscriptionId, event } = notice;
    const sink = this.#sinks.get(subscriptionId);
    if (sink === undefined) {
      if (this.#opening > 0 && !this.#ending.has(subscriptionId)) this.#early.push(notice);
    } else if (event === undefined) {
      this.#sinks.delete(subscriptionId);
      // It subscribes again from where it was, and is told then that there is a gap.
      sink.lost();
    } else {
      sink.event(event);
    }
  }
}
