import { command } from "./command.js";
import { daemon } from "./daemon.js";
import { event } from "./event.js";
import { log } from "./log.js";
import { metadata } from "./metadata.js";
import { retention } from "./retention.js";
import { rpc } from "./rpc.js";
import { session } from "./session.js";

/** Every method that is served, by name. */
export const METHODS = {
  ...daemon,
  ...session,
  ...metadata,
  ...command,
  ...event,
  ...log,
  ...retention,
  ...rpc,
};
