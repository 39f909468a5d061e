import { z } from "zod";

import { count, label, time } from "./shapes.js";

/** What the end of the process means for the session that is bound to it. */
export const onExit = z.enum(["exit_code", "complete", "fail", "abandon"]);

/** The process outside of the daemon that a session belongs to: when that is gone the session ends. */
export const binding = z.strictObject({
  pid: count,
  /** As the system calls it: at most 15 characters. */
  name: label.optional(),
  /**
   * `exit_code`: 0 completes the session, any other and a signal fail it, and where it is not known it is abandoned;
   * the others do what they say, however the process ended.
   */
  onExit,
  boundAt: time,
  /** When the process was seen to be gone: that is what ended the session. */
  goneAt: time.optional(),
  /** Where it could be had: of a process that the daemon runs as a command, or whose parent had not yet asked for it. */
  exitCode: z.int().optional(),
  signal: z.string().optional(),
});

/** Why a session is bound to a process no more. */
export const unbindReason = z.enum(["unbound", "process_gone", "session_ended"]);
