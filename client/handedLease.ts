import type { CallOptions } from "./calls.js";
import { showsLease } from "./keyed.js";

/** A lease that was handed on to this program, with the session that it is for. */
export interface HandedLease {
  readonly sessionId: string;
  readonly token: string;
}

/**
 * The lease that a command of a session was started under. Undefined where there is none, and where another daemon is
 * meant than the one that started this program.
 */
export function handedLease(env: NodeJS.ProcessEnv, socket: string): HandedLease | undefined {
  const { SESSIOND_SESSION_ID: sessionId, SESSIOND_LEASE: token } = env;
  if (sessionId === undefined || token === undefined || env["SESSIOND_SOCKET"] !== socket) return undefined;
  return { sessionId, token };
}

type AnyCall = (method: string, params?: object, options?: CallOptions) => Promise<unknown>;

/** The same calls, which show that lease where they write to its session and show none of their own. */
export function withHandedLease(call: AnyCall, lease: HandedLease | undefined): AnyCall {
  if (lease === undefined) return call;
  return (method, params = {}, options) => {
    const { sessionId } = params as { readonly sessionId?: unknown };
    const isMeant = sessionId === lease.sessionId && showsLease(method);
    return call(method, isMeant ? { lease: lease.token, ...params } : params, options);
  };
}
