import { z } from "zod";

import { method } from "../method.js";
import { count, id, idempotencyKey, label, leaseToken, seq, sessionWrite, written } from "../shapes.js";

/** The methods by which one writer at a time has a session. */
export const lease = {
  "session/claim": method({
    summary:
      "Claims a session: until the lease ends, only writes that show it are taken. A lease ends some time after its " +
      "connection; on a new one it is taken up again by showing it here.",
    get params() {
      return z.strictObject({
        sessionId: id,
        /** The lease that the caller has. Where it is over, that is `lease_lost`, unless it may be taken over. */
        lease: leaseToken.optional(),
        /** Takes the session from whoever holds it; the former holder is told by `session/taken`. */
        takeover: z.boolean().default(false),
        /** What the caller calls itself; others are shown it. */
        holder: label.optional(),
        idempotencyKey: idempotencyKey.optional(),
      });
    },
    get result() {
      return z.strictObject({
        lease: leaseToken,
        /** One more than that of the lease before: the greater one is the newer. */
        epoch: count,
        seq,
      });
    },
    errors: ["session_not_found", "session_not_active"],
    access: "write",
    durable: true,
  }),
  "session/release": method({
    summary: "Lets a lease go: the session takes writes from anyone again. Doing so again changes nothing.",
    get params() {
      return z.strictObject({ ...sessionWrite, lease: leaseToken });
    },
    result: written,
    errors: ["session_not_found"],
    access: "write",
    durable: true,
  }),
};
