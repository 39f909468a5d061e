import type { Execution, Session } from "../session/state.js";
import type { ActivityBody, Bodies } from "./bodies.js";
import type { Keys, RememberedKey } from "./keys.js";
import type { Registry } from "./registry.js";

/** One entry of a snapshot. */
type Entry =
  | { readonly kind: "session"; readonly session: Session }
  | { readonly kind: "execution"; readonly execution: Execution }
  | { readonly kind: "key"; readonly key: RememberedKey }
  | { readonly kind: "body"; readonly sessionId: string; readonly body: ActivityBody };

interface State {
  readonly registry: Registry;
  readonly keys: Keys;
  readonly bodies: Bodies;
}

/**
 * All that is durable now, as references taken in this tick: the objects never change, so the entries can be
 * written slice by slice later. Sessions come before what belongs to them. Bodies that are not in their own
 * files yet are among them, so that a snapshot never depends on a save that may still fail.
 */
export function snapshotEntries({ registry, keys, bodies }: State): Iterable<Entry> {
  const sessions = [...registry.committedSessions.values()];
  const executions = [...registry.committedExecutions.values()];
  const remembered = keys.entries();
  const unsaved = bodies.entries();
  return (function* () {
    for (const session of sessions) yield { kind: "session", session };
    for (const execution of executions) yield { kind: "execution", execution };
    for (const key of remembered) yield { kind: "key", key };
    for (const { sessionId, body } of unsaved) yield { kind: "body", sessionId, body };
  })();
}

/** Takes one entry of a snapshot back. Its crc was good, so it is what a daemon wrote. */
export function restoreEntry({ registry, keys, bodies }: State, entry: unknown, upMs: number): void {
  const one = entry as Entry;
  switch (one.kind) {
    case "session":
      return registry.restoreSession(one.session);
    case "execution":
      return registry.restoreExecution(one.execution);
    case "key":
      return keys.restore(one.key);
    case "body": {
      const session = registry.session(one.sessionId);
      if (session !== undefined) bodies.restore(session, one.body, upMs);
    }
  }
}
