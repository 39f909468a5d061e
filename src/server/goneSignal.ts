import { setMaxListeners } from "node:events";

import type { Connection } from "./connection.js";

const signals = new WeakMap<Connection, AbortSignal>();

/**
 * Aborted when the peer is gone: whatever is held back for it then waits for nothing. A connection has one, however
 * often it is asked for, and who listens to it can take that back; of its own listeners none is ever taken back.
 */
export function goneSignal(connection: Connection): AbortSignal {
  const known = signals.get(connection);
  if (known !== undefined) return known;
  const controller = new AbortController();
  // As many as may be in flight; ten are not a leak.
  setMaxListeners(0, controller.signal);
  signals.set(connection, controller.signal);
  connection.onClose(() => controller.abort());
  return controller.signal;
}
