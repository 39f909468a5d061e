import { z } from "zod";

import { durationMs } from "./shapes.js";

/** What is done about a command in which nothing moves. */
export const stallPolicy = z.strictObject({
  /** A command is stalled when none of the signs that are watched was seen for so long; 0 watches nothing. */
  afterMs: durationMs,
  /**
   * `tell`: an event, and nothing else; `stop`: the command is ended as `stalled`; `retry`: the try is, and the next one
   * comes as the command's `retry` has it.
   */
  action: z.enum(["tell", "stop", "retry"]),
  /** Signs of life: it writes, its processes use CPU (1 % of one core), its session gets heartbeats. */
  watch: z
    .array(z.enum(["output", "cpu", "heartbeat"]))
    .min(1)
    .max(3),
});
