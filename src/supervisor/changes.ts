import type { Execution, Session } from "../session/state.js";
import type { Slot } from "./layered.js";

/** What a record left of one session or command; undefined where it removed it. */
export interface Change<Value extends object> {
  readonly slot: Slot<Value>;
  value: Value | undefined;
}

/** What one record changed, each thing once, to be committed when it is durable. */
export interface Changes {
  /** The number of the record's last event. */
  readonly seq: number;
  // Lists, because a record changes one thing or two: a map of each would cost as much as evolving them.
  readonly sessions: readonly Readonly<Change<Session>>[];
  readonly executions: readonly Readonly<Change<Execution>>[];
  /** Sessions as they were before their deletion. */
  readonly removed: readonly Session[];
  /** Commands that were dropped because their session has newer ones enough. */
  readonly dropped: readonly Execution[];
}

/** What the record that is being applied has changed so far. */
export interface OpenChanges extends Changes {
  readonly sessions: Change<Session>[];
  readonly executions: Change<Execution>[];
  readonly removed: Session[];
  readonly dropped: Execution[];
}

/** Keeps the last of the values that a record gives to one thing. */
export function note<Value extends object>(
  changes: Change<Value>[],
  slot: Slot<Value>,
  value: Value | undefined,
): void {
  for (const change of changes) {
    if (change.slot !== slot) continue;
    change.value = value;
    return;
  }
  changes.push({ slot, value });
}
