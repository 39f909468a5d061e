import { randomUUID } from "node:crypto";

import { RefusalError } from "../protocol/errors.js";
import { LIMITS } from "../protocol/limits.js";
import type { NotificationShapes, ValidParams } from "../protocol/types.js";
import type { Feed, Subscription } from "../supervisor/feed.js";
import type { Connection } from "./connection.js";
import { tellPeer } from "./tellPeer.js";

const EVENT = "event" satisfies keyof NotificationShapes;

/** The subscriptions of all connections. */
export class Subscriptions {
  readonly #feed: Feed;
  readonly #onError: (error: unknown) => void;
  readonly #byConnection = new WeakMap<Connection, Map<string, Subscription>>();

  constructor(feed: Feed, onError: (error: unknown) => void) {
    this.#feed = feed;
    this.#onError = onError;
  }

  /** Begins to send after `sinceSeq`, once the answer to the call is on its way. Answers the id. */
  open(connection: Connection, params: ValidParams<"event/subscribe">, sinceSeq: number): string {
    const own = this.#of(connection);
    if (own.size >= LIMITS.subscriptionsPerConnection) throw tooMany();
    const subscriptionId = randomUUID();
    const prefix = `{"jsonrpc":"2.0","method":"${EVENT}","params":{"subscriptionId":"${subscriptionId}",`;
    const sink = {
      sessionIds: params.sessionIds === undefined ? undefined : new Set(params.sessionIds),
      types: params.types?.map((type) => (type.endsWith("/*") ? type.slice(0, -1) : type)),
      deliver: (event: string) => connection.notify(`${prefix}${event}}`),
      onceWritable: (resume: () => void) => connection.onceWritable(resume),
      gap: (oldestSeq: number) => {
        own.delete(subscriptionId);
        tellPeer(connection, "event/gap", { subscriptionId, oldestSeq });
      },
      failed: (error: unknown) => {
        // The client reconnects and goes on from the last seq that it saw.
        this.#onError(error);
        connection.close();
      },
    };
    // The answer names the subscription, so it has to be written before the first event is.
    const opening = setImmediate(() => own.set(subscriptionId, this.#feed.subscribe(sink, sinceSeq)));
    own.set(subscriptionId, { close: () => clearImmediate(opening) });
    return subscriptionId;
  }

  /** Ends a subscription of this connection. @throws RefusalError where it has none of that id */
  close(connection: Connection, subscriptionId: string): void {
    const own = this.#of(connection);
    const subscription = own.get(subscriptionId);
    if (subscription === undefined) {
      throw new RefusalError({
        type: "subscription_not_found",
        message: `This connection has no subscription "${subscriptionId}".`,
      });
    }
    subscription.close();
    own.delete(subscriptionId);
  }

  #of(connection: Connection): Map<string, Subscription> {
    const known = this.#byConnection.get(connection);
    if (known !== undefined) return known;
    const own = new Map<string, Subscription>();
    this.#byConnection.set(connection, own);
    connection.onClose(() => {
      for (const subscription of own.values()) subscription.close();
      own.clear();
    });
    return own;
  }
}

function tooMany(): RefusalError {
  const bound = LIMITS.subscriptionsPerConnection;
  return new RefusalError({
    type: "limit_reached",
    message: `This connection has ${bound} subscriptions, and no more are allowed.`,
    hint: "end some with event/unsubscribe, or subscribe once without a filter",
    details: { limit: "subscriptionsPerConnection", bound },
  });
}
