import { z } from "zod";

import { LIMITS } from "./limits.js";
import { count, durationMs } from "./shapes.js";

/**
 * How much of the machine a command may take, or all commands of a session together. What is left out, or 0, is not
 * limited. What holds it, and how soon, depends on the machine: a command says so by `limits.enforcedBy`.
 */
export const resourceLimits = z.strictObject({
  /** Memory of all its processes. Over it the command ends, by `memory_limit`. */
  memoryBytes: count.optional(),
  /**
   * Processes and threads at a time. The kernel refuses further ones, and the command may go on without; looks of the
   * daemon can only end it, by `process_limit`.
   */
  processes: count.max(LIMITS.processes).optional(),
  /** Use of the processor: 100 is one core. The kernel slows it down; nothing else can. */
  cpuPercent: z.int().min(0).max(LIMITS.cpuPercent).optional(),
  /**
   * Where nothing can slow it down: ends it, by `cpu_limit`, once it was over `cpuPercent` on the average of so long.
   * Without it the use of the processor is then not held at all.
   */
  cpuWindowMs: durationMs.optional(),
});
