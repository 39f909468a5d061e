import type { KeyedMethod, LeasedMethod, MethodName, Methods } from "../src/protocol/types.js";

/** The writes that a lease binds, without those that see to their lease themselves. */
type Bound = Exclude<LeasedMethod, "session/claim" | "session/release">;

/**
 * The writes that take an idempotency key, and whether a session's handle shows its lease with them. The client has to
 * know them while it runs, and must not load the protocol's schemas for it; `satisfies` sees to it that what is too few,
 * too many or wrong does not compile.
 */
const KEYED = {
  "session/create": "free",
  "session/clone": "free",
  "session/update": "leased",
  "session/touch": "leased",
  "session/pause": "leased",
  "session/resume": "leased",
  "session/end": "leased",
  "session/claim": "free",
  "session/release": "free",
  "session/record": "leased",
  "session/pin": "leased",
  "session/unpin": "leased",
  "session/archive": "leased",
  "session/bind": "leased",
  "session/unbind": "leased",
  "session/unarchive": "leased",
  "session/trash": "leased",
  "session/untrash": "leased",
  "session/delete": "leased",
  "session/import": "free",
  "metadata/set": "leased",
  "metadata/delete": "leased",
  "message/append": "leased",
  "invocation/start": "leased",
  "invocation/finish": "leased",
  "invocation/link": "leased",
  "checkpoint/create": "leased",
  "checkpoint/restore": "leased",
  "checkpoint/delete": "leased",
  "template/save": "free",
  "template/delete": "free",
  "chain/append": "free",
  "chain/reset": "free",
  "alert/setRule": "free",
  "alert/deleteRule": "free",
  "alert/acknowledge": "free",
  "command/start": "leased",
  "command/run": "leased",
  "command/signal": "leased",
} satisfies { readonly [M in KeyedMethod]: M extends Bound ? "leased" : "free" };

type WriteMethod = { [M in MethodName]: Methods[M]["access"] extends "write" ? M : never }[MethodName];

/**
 * The writes without a key: sent again, they might be done twice. An export only reads, but makes a file: sent again,
 * it would be refused for the one that it made itself. A second retention run or clean-up does no harm, but only the
 * first one can say what went.
 */
const UNREPEATABLE = {
  "daemon/backup": true,
  "daemon/shutdown": true,
  "log/write": true,
  "command/write": true,
  "retention/run": true,
  "session/export": true,
  "chain/cleanup": true,
  "chain/export": true,
} satisfies Record<Exclude<WriteMethod, KeyedMethod> | "session/export" | "chain/export", true>;

/** What may be done with a call whose connection broke before the answer. */
export type Repetition =
  /** A read: send it again. */
  | "free"
  /** A write: send it again with the same key, as long as the daemon remembers it. */
  | "keyed"
  /** Nobody can tell whether it was done. */
  | "never";

/** How a call may be repeated. */
export function repetitionOf(method: string, params: object = {}): Repetition {
  // A piece of input that says where it belongs is not given twice.
  if (method === "command/write" && "offsetBytes" in params) return "free";
  if (Object.hasOwn(KEYED, method)) return "keyed";
  return Object.hasOwn(UNREPEATABLE, method) ? "never" : "free";
}

/** Whether a session's handle shows its lease with a call of this method. */
export function showsLease(method: string): boolean {
  if (method === "command/write") return true;
  return Object.hasOwn(KEYED, method) && KEYED[method as KeyedMethod] === "leased";
}
