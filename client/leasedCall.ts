import type { LeasedMethod, MethodName } from "../src/protocol/types.js";
import type { Call } from "./callTypes.js";
import type { CallOptions } from "./calls.js";
import type { Lease } from "./lease.js";

/**
 * The writes of a session's handle that show its lease. Known while the client runs; checked against the protocol when
 * it is compiled. A claim and a release see to their lease themselves.
 */
const LEASED = {
  "session/update": true,
  "session/touch": true,
  "session/pause": true,
  "session/resume": true,
  "session/end": true,
  "session/record": true,
  "session/pin": true,
  "session/unpin": true,
  "session/archive": true,
  "session/unarchive": true,
  "session/trash": true,
  "session/untrash": true,
  "session/delete": true,
  "metadata/set": true,
  "metadata/delete": true,
  "message/append": true,
  "invocation/start": true,
  "invocation/finish": true,
  "invocation/link": true,
  "checkpoint/create": true,
  "checkpoint/restore": true,
  "checkpoint/delete": true,
  "command/start": true,
  "command/run": true,
  "command/signal": true,
} satisfies Record<Exclude<LeasedMethod, "session/claim" | "session/release">, true>;

/** The same calls, which show the lease of the moment, if there is one, wherever it is asked for. */
export function leasedCall(call: Call, leaseNow: () => Lease | undefined): Call {
  const untyped = call as (method: MethodName, params?: object, options?: CallOptions) => Promise<unknown>;
  const leased: typeof untyped = async (method, params, options) => {
    const lease = Object.hasOwn(LEASED, method) ? leaseNow() : undefined;
    if (lease === undefined) return untyped(method, params, options);
    try {
      return await untyped(method, { lease: lease.token, ...params }, options);
    } catch (error) {
      lease.met(error);
      throw error;
    }
  };
  return leased as Call;
}
