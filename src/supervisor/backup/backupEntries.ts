import { randomUUID } from "node:crypto";

import type { Execution } from "../../session/state.js";

/**
 * The entries of a snapshot, for a backup: commands without what proves a process to be theirs. Their processes are
 * this daemon's. One that starts on the restored state, maybe beside this one, must stop none of them: it finds that
 * its commands are lost, and that is all.
 *
 * @throws the reason of `signal` when the backup is broken off
 */
export function* backupEntries(entries: Iterable<object>, signal: AbortSignal): Generator<object> {
  for (const entry of entries) {
    signal.throwIfAborted();
    const { execution } = entry as { readonly execution?: Execution };
    if (execution === undefined) yield entry;
    else yield { ...entry, execution: { ...execution, token: randomUUID(), process: undefined } };
  }
}
