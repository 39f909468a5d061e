import { alert } from "./alert.js";
import { binding } from "./binding.js";
import { chain } from "./chain.js";
import { checkpoint } from "./checkpoint.js";
import { command } from "./command.js";
import { daemon } from "./daemon.js";
import { event } from "./event.js";
import { lease } from "./lease.js";
import { invocation } from "./invocation.js";
import { log } from "./log.js";
import { message } from "./message.js";
import { metadata } from "./metadata.js";
import { metrics } from "./metrics.js";
import { path } from "./path.js";
import { retention } from "./retention.js";
import { rpc } from "./rpc.js";
import { search } from "./search.js";
import { session } from "./session.js";
import { sessionCopies } from "./sessionCopies.js";
import { shelf } from "./shelf.js";
import { template } from "./template.js";

/** Every method that is served, by name. */
export const METHODS = {
  ...daemon,
  ...session,
  ...lease,
  ...binding,
  ...sessionCopies,
  ...shelf,
  ...metadata,
  ...metrics,
  ...message,
  ...invocation,
  ...checkpoint,
  ...command,
  ...event,
  ...log,
  ...path,
  ...retention,
  ...search,
  ...template,
  ...chain,
  ...alert,
  ...rpc,
};
