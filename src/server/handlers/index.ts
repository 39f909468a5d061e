import { openRpcDocument } from "../../protocol/openrpc.js";
import type { Handlers } from "../../rpc/dispatch.js";
import type { Connection } from "../connection.js";
import { alertHandlers } from "./alert.js";
import { bindingHandlers } from "./binding.js";
import { chainHandlers } from "./chain.js";
import { checkpointHandlers } from "./checkpoint.js";
import { commandHandlers } from "./command.js";
import { daemonHandlers } from "./daemon.js";
import { eventHandlers } from "./event.js";
import { leaseHandlers } from "./lease.js";
import { invocationHandlers } from "./invocation.js";
import { logHandlers } from "./log.js";
import { messageHandlers } from "./message.js";
import { metadataHandlers } from "./metadata.js";
import { metricsHandlers } from "./metrics.js";
import { pathHandlers } from "./path.js";
import { retentionHandlers } from "./retention.js";
import { searchHandlers } from "./search.js";
import type { Services } from "./services.js";
import { sessionHandlers } from "./session.js";
import { sessionCopyHandlers } from "./sessionCopies.js";
import { templateHandlers } from "./template.js";

/** A handler for every method of the protocol; one that is missing does not compile. */
export function createHandlers(services: Services): Handlers<Connection> {
  // It never changes, and takes longer to make than anything else that is answered.
  let document: object | undefined;
  return {
    ...daemonHandlers(services),
    ...sessionHandlers(services),
    ...leaseHandlers(services),
    ...bindingHandlers(services),
    ...sessionCopyHandlers(services),
    ...metadataHandlers(services),
    ...metricsHandlers(services),
    ...messageHandlers(services),
    ...invocationHandlers(services),
    ...checkpointHandlers(services),
    ...commandHandlers(services),
    ...eventHandlers(services),
    ...logHandlers(services),
    ...pathHandlers(services),
    ...retentionHandlers(services),
    ...searchHandlers(services),
    ...templateHandlers(services),
    ...chainHandlers(services),
    ...alertHandlers(services),
    "rpc.discover": () => (document ??= openRpcDocument(services.version)),
  };
}
