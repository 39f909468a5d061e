import type { NotificationShapes } from "../protocol/types.js";
import type { Connection } from "./connection.js";

/** Tells a peer what nothing else would tell it: again and again until the queue has room for it, or the peer is gone. */
export function tellPeer<N extends keyof NotificationShapes>(
  connection: Connection,
  method: N,
  params: NotificationShapes[N],
): void {
  if (connection.closed || connection.notify(JSON.stringify({ jsonrpc: "2.0", method, params }))) return;
  // Not in the same tick: a connection that is ending may have room and take nothing.
  connection.onceWritable(() => setImmediate(() => tellPeer(connection, method, params)));
}
