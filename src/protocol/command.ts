import { z } from "zod";

import { LIMITS } from "./limits.js";
import { retryPolicy } from "./session.js";
import { resourceLimits } from "./resourceLimits.js";
import { absolutePath, count, durationMs, environment, id, label, text, time } from "./shapes.js";
import { stallPolicy } from "./stall.js";

export const commandStatus = z.enum([
  "starting",
  "running",
  "backing_off",
  "succeeded",
  "failed",
  "timed_out",
  "cancelled",
  "lost",
]);

/**
 * What stands between the daemon and a command. `keeper`: it outlives the daemon, and is stopped with its whole tree;
 * `sh`: it outlives the daemon, is stopped with its group, has 128 + n for its exit code where signal n ended it, and its
 * time limits wait for the next daemon; `child`: it ends with the daemon, and is stopped with its group.
 */
export const supervision = z.enum(["keeper", "sh", "child"]);

/** Why a command, or one try of it, ended as it did. */
export const endCause = z.enum([
  "exited",
  "start_failed",
  "start_to_close",
  "schedule_to_close",
  "stalled",
  "output_limit",
  "memory_limit",
  "process_limit",
  "cpu_limit",
  "signalled",
  "session_ended",
  "daemon_stopped",
  "daemon_lost",
]);

/**
 * What holds a command within its limits: `cgroup`: the kernel, in a group that was delegated to the daemon; `systemd`: the
 * kernel, in a group that the user's service manager delegated; `sampler`: looks of the daemon, four times a second.
 */
export const enforcedBy = z.enum(["cgroup", "systemd", "sampler"]);

/** What nobody holds: the daemon can see how much of the processor is used, and not slow it down; without /proc, nothing. */
export const notHeld = z.array(z.enum(["memoryBytes", "processes", "cpuPercent"]));

const argument = z
  .string()
  .max(LIMITS.argumentLength)
  .refine((value) => !value.includes("\0"), "an argument has no NUL");

/** What to run and within which limits. What is left out comes from the session's config. */
export const commandRequest = {
  sessionId: id,
  commandId: id.optional(),
  name: label.optional(),
  /** The program and its arguments; never a shell string. */
  argv: z
    .array(argument)
    .min(1)
    .max(LIMITS.arguments)
    .refine((argv) => argv[0] !== "", "the program, argv[0], is empty"),
  /** Defaults to the session's working directory, else the user's home. */
  cwd: absolutePath.optional(),
  /** The whole environment of the caller; without it a small one (PATH, HOME, …) is made. */
  env: environment.optional(),
  stdin: z.string().max(LIMITS.stdinLength).optional(),
  /** Standard input is given while it runs, by `command/write`; instead of `stdin`, and for one try alone. */
  openStdin: z.boolean().optional(),
  /** Standard error goes into standard output, in the order in which it is written. */
  mergeStderr: z.boolean().optional(),
  /** Limit of each try. */
  startToCloseMs: durationMs.optional(),
  /** Limit of all tries with the pauses between them. */
  scheduleToCloseMs: durationMs.optional(),
  /** Limit without any output; the older way to say `stall`. */
  stallTimeoutMs: durationMs.optional(),
  /** What is done when nothing moves in it. */
  stall: stallPolicy.partial().optional(),
  /** From SIGTERM to SIGKILL. */
  graceMs: durationMs.optional(),
  maxOutputBytes: count.optional(),
  retry: retryPolicy.partial().optional(),
  /** Of this command alone; those of its session hold for all its commands together. */
  limits: resourceLimits.optional(),
};

/** A command as it is shown. */
export const command = z.strictObject({
  commandId: id,
  sessionId: id,
  name: label.optional(),
  argv: z.array(z.string()),
  cwd: absolutePath,
  status: commandStatus,
  /** The try that runs or ran last; 0 before the first. */
  attempt: count,
  maxAttempts: count,
  openStdin: z.boolean().optional(),
  mergeStderr: z.boolean().optional(),
  pid: count.optional(),
  /** Of the try that runs or ran last; absent before the first, and where an earlier version started it. */
  supervision: supervision.optional(),
  exitCode: z.int().optional(),
  signal: z.string().optional(),
  cause: endCause.optional(),
  /** What went wrong, for a person. */
  error: text.optional(),
  createdAt: time,
  startedAt: time.optional(),
  /** It runs, and this was the last sign of life of those that its `stall` policy watches. */
  stalledSince: time.optional(),
  endedAt: time.optional(),
  /** When the next try is due. */
  nextAttemptAt: time.optional(),
  /** From the first start to the end. */
  durationMs: count.optional(),
  stdoutBytes: count.optional(),
  stderrBytes: count.optional(),
  /** Where it has limits of its own, or its session has some. */
  limits: resourceLimits
    .extend({
      /** Of the try that runs or ran last; absent before the first. */
      enforcedBy: enforcedBy.optional(),
      notHeld: notHeld.optional(),
      /** How often the kernel refused it a further process; that ends no command, so it may have gone on without. */
      refusedForks: count.optional(),
    })
    .optional(),
});

/** The signals that `command/signal` sends. */
export const signalName = z.enum([
  "SIGTERM",
  "SIGINT",
  "SIGKILL",
  "SIGQUIT",
  "SIGHUP",
  "SIGUSR1",
  "SIGUSR2",
  "SIGSTOP",
  "SIGCONT",
  "SIGWINCH",
]);
