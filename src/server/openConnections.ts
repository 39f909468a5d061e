import { errorObject } from "../protocol/errors.js";
import { LIMITS } from "../protocol/limits.js";
import { METHODS } from "../protocol/methods/index.js";
import { createDispatch } from "../rpc/dispatch.js";
import { ServerPeer } from "../rpc/peer.js";
import type { Connection, ConnectionLimits } from "./connection.js";
import { Connections } from "./connections.js";
import type { Ending } from "./ending.js";
import { createHandlers } from "./handlers/index.js";
import type { Services } from "./handlers/services.js";
import { LeaseHolders } from "./leaseHolders.js";
import { Subscriptions } from "./subscriptions.js";

interface ConnectionsLog {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What the handlers are given as it is; the rest of their services is made here. */
type Given = Pick<
  Services,
  | "supervisor"
  | "logbook"
  | "paths"
  | "loop"
  | "idempotency"
  | "version"
  | "startedAtMs"
  | "places"
  | "examine"
>;

interface OpeningParts extends Given {
  /** Bounds that the configuration sets. */
  readonly limits: ConnectionLimits & { readonly batchLength: number; readonly [name: string]: number };
  readonly log: ConnectionsLog;
  readonly end: Ending;
}

/** Puts together what answers requests: handlers, dispatch, peer, and the connections that they come by. */
export function openConnections({ limits, log, end, ...given }: OpeningParts): Connections {
  const { supervisor, idempotency } = given;
  const subscriptions = new Subscriptions(supervisor.feed, (err) =>
    log.error({ err }, "A subscription broke off"),
  );
  const handlers = createHandlers({
    ...given,
    subscriptions,
    leaseHolders: new LeaseHolders(supervisor.leases),
    limits: { ...LIMITS, ...limits, idempotencyKeys: idempotency.maxKeys },
    connectionCount: () => connections.size,
    // The answer is on its way before the stop begins.
    shutdown: (commands) => void setImmediate(() => void end.begin(commands)),
  });
  const peer = new ServerPeer<Connection>({
    dispatch: createDispatch<Connection>(METHODS, handlers),
    errorObject,
    limits,
    onInternalError: (err, method) =>
      log.error({ err, method, event: "rpc.internal_error" }, "A request failed"),
  });
  const connections = new Connections({ peer, limits, log, draining: () => end.hasBegun });
  return connections;
}
