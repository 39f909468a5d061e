import { z } from "zod";

import { EVENTS } from "../events.js";
import { method } from "../method.js";
import { id, seq } from "../shapes.js";

const TYPES = Object.keys(EVENTS);
const NAMESPACES = new Set(TYPES.map((type) => type.replace(/[^/]+$/, "*")));

/** Text for whoever calls: which types there are is for the daemon to say, so that it can learn new ones. */
const eventTypes: readonly string[] = [...TYPES, ...NAMESPACES];

export const event = {
  "event/subscribe": method({
    summary:
      "Sends events as `event` notifications: with sinceSeq first those after it, then the present, " +
      "without gap or duplicate.",
    get params() {
      return z.strictObject({
        sessionIds: z.array(id).min(1).max(1_000).optional(),
        /** Full types, or a namespace with a star: `session/*`. */
        types: z
          .array(z.enum(eventTypes, "expected a type of event such as session/ended, or session/*"))
          .min(1)
          .max(64)
          .optional(),
        sinceSeq: seq.optional(),
      });
    },
    get result() {
      return z.strictObject({ subscriptionId: id, seq });
    },
    errors: ["replay_gap", "limit_reached"],
    access: "read",
    durable: false,
  }),
  "event/unsubscribe": method({
    summary: "Ends a subscription of this connection.",
    get params() {
      return z.strictObject({ subscriptionId: id });
    },
    get result() {
      return z.strictObject({ seq });
    },
    errors: ["subscription_not_found"],
    access: "read",
    durable: false,
  }),
};
