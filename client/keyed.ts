import type { KeyedMethod, MethodName, Methods } from "../src/protocol/types.js";

/**
 * The writes that take an idempotency key. The client has to know them while it runs, and must not load the
 * protocol's schemas for it; `satisfies` sees to it that a name too few or too many does not compile.
 */
const KEYED = {
  "session/create": true,
  "session/clone": true,
  "session/update": true,
  "session/touch": true,
  "session/pause": true,
  "session/resume": true,
  "session/end": true,
  "session/claim": true,
  "session/release": true,
  "session/record": true,
  "session/pin": true,
  "session/unpin": true,
  "session/archive": true,
  "session/unarchive": true,
  "session/trash": true,
  "session/untrash": true,
  "session/delete": true,
  "session/import": true,
  "metadata/set": true,
  "metadata/delete": true,
  "message/append": true,
  "invocation/start": true,
  "invocation/finish": true,
  "invocation/link": true,
  "checkpoint/create": true,
  "checkpoint/restore": true,
  "checkpoint/delete": true,
  "template/save": true,
  "template/delete": true,
  "chain/append": true,
  "chain/reset": true,
  "command/start": true,
  "command/run": true,
  "command/signal": true,
} satisfies Record<KeyedMethod, true>;

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

/** How a method may be repeated. */
export function repetitionOf(method: string): Repetition {
  if (Object.hasOwn(KEYED, method)) return "keyed";
  return Object.hasOwn(UNREPEATABLE, method) ? "never" : "free";
}
