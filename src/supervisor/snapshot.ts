import type { Journal } from "../journal/index.js";
import type { Execution, Session } from "../session/state.js";
import type { Bodies } from "./bodies.js";
import type { AnyBody } from "./bodyOf.js";
import type { Checkpoints, UnsavedValue } from "./checkpoints.js";
import type { Keys, RememberedKey } from "./keys.js";
import type { Registry } from "./registry.js";
import type { ThingEntry } from "./things.js";

/** A remembered key without the names of its fields: there may be a million of them. */
type KeyRow = readonly [k: string, m: string, d: number, seq: number, at: number, a?: object];

/** How many keys share one line. */
const KEYS_PER_ENTRY = 250;

/** One entry of a snapshot. */
type Entry =
  | { readonly kind: "session"; readonly session: Session }
  | { readonly kind: "execution"; readonly execution: Execution }
  | ({ readonly kind: "thing" } & ThingEntry)
  | { readonly kind: "keys"; readonly keys: readonly KeyRow[] }
  | { readonly kind: "body"; readonly sessionId: string; readonly of: AnyBody }
  | ({ readonly kind: "checkpoint" } & UnsavedValue);

interface State {
  readonly registry: Registry;
  readonly keys: Keys;
  readonly bodies: Bodies;
  readonly checkpoints: Checkpoints;
}

interface Durable extends State {
  readonly journal: Pick<Journal, "committed">;
}

/**
 * All that is durable now, as references taken in this tick: the objects never change, so the entries can be
 * written slice by slice later. Sessions come before what belongs to them. Bodies that are not in their own
 * files yet are among them, so that a snapshot never depends on a save that may still fail.
 */
export function snapshotEntries({ registry, keys, bodies, checkpoints, journal }: Durable): Iterable<Entry> {
  const sessions = [...registry.committedSessions.values()];
  const executions = [...registry.committedExecutions.values()];
  const things = registry.things.committed();
  const remembered = keys.remembered(journal.committed);
  const unsaved = bodies.entries();
  const values = checkpoints.entries();
  return (function* () {
    for (const session of sessions) yield { kind: "session", session };
    for (const execution of executions) yield { kind: "execution", execution };
    for (const thing of things) yield { kind: "thing", ...thing };
    for (const rows of keyRows(remembered)) yield { kind: "keys", keys: rows };
    for (const { sessionId, ...of } of unsaved) yield { kind: "body", sessionId, of };
    for (const value of values) yield { kind: "checkpoint", ...value };
  })();
}

function* keyRows(remembered: Iterable<RememberedKey>): Generator<KeyRow[]> {
  let rows: KeyRow[] = [];
  for (const { k, m, d, seq, at, a } of remembered) {
    rows.push(a === undefined ? [k, m, d, seq, at] : [k, m, d, seq, at, a]);
    if (rows.length < KEYS_PER_ENTRY) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

/** Takes one entry of a snapshot back. Its crc was good, so it is what a daemon wrote. */
export function restoreEntry(
  { registry, keys, bodies, checkpoints }: State,
  entry: unknown,
  upMs: number,
): void {
  const one = entry as Entry;
  switch (one.kind) {
    case "session":
      return registry.restoreSession(one.session);
    case "execution":
      return registry.restoreExecution(one.execution);
    case "thing":
      return registry.things.restore(one);
    case "keys":
      for (const [k, m, d, seq, at, a] of one.keys) keys.restore({ k, m, d, a, seq, at });
      return undefined;
    case "body": {
      const session = registry.session(one.sessionId);
      if (session !== undefined) bodies.add(session, one.of, upMs);
      return undefined;
    }
    case "checkpoint": {
      const session = registry.session(one.sessionId);
      if (session !== undefined) checkpoints.add(session, one.checkpointId, one.value);
    }
  }
}
