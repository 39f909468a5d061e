import type { MethodName } from "../src/protocol/types.js";
import type { Call } from "./callTypes.js";
import type { CallOptions } from "./calls.js";
import { showsLease } from "./keyed.js";
import type { Lease } from "./lease.js";

/** The same calls, which show the lease of the moment, if there is one, wherever it is asked for. */
export function leasedCall(call: Call, leaseNow: () => Lease | undefined): Call {
  const untyped = call as (method: MethodName, params?: object, options?: CallOptions) => Promise<unknown>;
  const leased: typeof untyped = async (method, params, options) => {
    const lease = showsLease(method) ? leaseNow() : undefined;
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
