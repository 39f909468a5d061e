import type { Verb } from "../context.js";
import { startDetached } from "../startDetached.js";
import type { StartOptions } from "../welcome.js";
import { settle } from "../whereabouts.js";
import { stopDaemon } from "./stop.js";

/** Stops the daemon if it runs, and starts it in the background with the settings given now. */
export const restart: Verb<StartOptions> = async (context, options) => {
  // Before anything is stopped: with a configuration that cannot be used it would not start again.
  const { places } = await settle(context.globals, context.io.env, options);
  await stopDaemon(context);
  return startDetached(context, options, places);
};
