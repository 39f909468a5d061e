import { z } from "zod";

import { binding } from "./binding.js";
import { json, jsonObject } from "./json.js";
import { resourceLimits } from "./resourceLimits.js";
import { absolutePath, count, durationMs, environment, id, label, seq, tags, text, time } from "./shapes.js";
import { stallPolicy } from "./stall.js";
import { workspace } from "./workspace.js";

/** The four ways in which a session ends. */
export const endedStatus = z.enum(["completed", "failed", "abandoned", "timed_out"]);
export const sessionStatus = z.enum(["active", "paused", ...endedStatus.options]);

/** How a command is tried again; the words are Temporal's. */
export const retryPolicy = z.strictObject({
  /** Tries in all; 1 means no retry. */
  maxAttempts: z.int().min(1).max(1_000),
  initialIntervalMs: durationMs,
  backoffCoefficient: z.number().min(1).max(100),
  maximumIntervalMs: durationMs,
  /** Share of the interval that is left to chance, 0 to 1. */
  jitter: z.number().min(0).max(1),
  /**
   * Whether a try that is lost, so that nobody knows how it ended or whether it did, is followed by another like one that
   * failed: `retry` is for what may run twice. Left out: `fail`.
   */
  onLost: z.enum(["fail", "retry"]).optional(),
  /** Exit codes after which trying again makes no sense. */
  nonRetryableExitCodes: z.array(z.int().min(0).max(255)).max(256),
});

/** Everything about a session that can be set. Limits of 0 do not limit. */
export const sessionConfig = z.strictObject({
  /** Ends the session as `timed_out` when nothing was done in it for so long. */
  idleTimeoutMs: durationMs,
  /** Ends it so long after its creation, whatever happens. */
  lifetimeMs: durationMs,
  /** Ends it when nobody sent a heartbeat for so long. */
  heartbeatTimeoutMs: durationMs,
  /** How soon bodies (activities) go from the journal into the session's own files. */
  autoSaveIntervalMs: durationMs.min(100),
  /** What of the session is written to the log. */
  logging: z.strictObject({
    enabled: z.boolean(),
    level: z.enum(["trace", "debug", "info", "warn", "error"]),
  }),
  /** Defaults for the commands of the session. */
  startToCloseMs: durationMs,
  /** The older way to say `stall: {afterMs, action: "retry", watch: ["output"]}`; counts where no `stall` is said. */
  stallTimeoutMs: durationMs,
  /** What is left out is `tell`, and all signs. */
  stall: stallPolicy.partial().optional(),
  graceMs: durationMs,
  maxOutputBytes: count,
  retry: retryPolicy,
  /** Of all its commands together; what a command may take for itself is said when it is started. */
  limits: resourceLimits.optional(),
  /** Commands at a time. */
  maxRunningCommands: z.int().min(1),
  /** What is measured beside its processes; nothing where it is left out. */
  metrics: z
    .strictObject({
      /** Whether files that are created, modified and deleted in its working directory are counted. */
      watchFiles: z.boolean(),
    })
    .optional(),
});

/** Settings as a caller gives them, whole or in part. */
export const sessionConfigPatch = sessionConfig.partial().extend({
  retry: retryPolicy.partial().optional(),
  logging: sessionConfig.shape.logging.partial().optional(),
});

/** What tools cost and took, reported by whoever used them. */
export const usage = z.strictObject({
  /** The tool that was used; each report with a tool counts as one invocation. */
  tool: label.optional(),
  durationMs: durationMs.optional(),
  inputTokens: count.optional(),
  outputTokens: count.optional(),
  costUsd: z.number().min(0).max(1e9).optional(),
});

export const totals = z.strictObject({
  invocations: count,
  durationMs: z.number().min(0),
  toolsUsed: z.record(z.string(), count),
  tokenUsage: z.strictObject({ input: count, output: count }),
  estimatedCostUsd: z.number().min(0),
});

const commandCounts = z.strictObject({
  total: count,
  running: count,
  succeeded: count,
  /** Ended in any other way: cancelled, timed out and lost as well. */
  failed: count,
  retries: count,
});

/** Why a lease has ended, where nobody took it over. */
export const releaseReason = z.enum(["released", "connection_lost", "session_ended"]);

const invocationCounts = z.strictObject({
  running: count,
  succeeded: count,
  failed: count,
  cancelled: count,
  abandoned: count,
});

/** A session as it is shown. Values of the environment that look like secrets are redacted. */
export const session = z.strictObject({
  sessionId: id,
  status: sessionStatus,
  name: label.optional(),
  purpose: text.optional(),
  description: text.optional(),
  userId: label.optional(),
  parentId: id.optional(),
  workingDirectory: absolutePath.optional(),
  /** Where it asked for a folder of its own: that is its working directory, until it is changed. */
  workspace: workspace.optional(),
  tags,
  metadata: jsonObject,
  environment,
  config: sessionConfig,
  createdAt: time,
  updatedAt: time,
  lastActivityAt: time,
  lastHeartbeatAt: time.optional(),
  endedAt: time.optional(),
  endReason: text.optional(),
  archivedAt: time.optional(),
  /** When it came into the trash. */
  deletedAt: time.optional(),
  /** Retention leaves it alone. */
  pinned: z.boolean(),
  activities: count,
  /** Messages of its conversation. */
  messages: count,
  /** Checkpoints of it, automatic ones included. */
  checkpoints: count,
  commands: commandCounts,
  /** Those that were started and linked; `totals` counts commands and reports of tools as well. */
  invocations: invocationCounts,
  totals,
  /** Who alone may write to it, where somebody has claimed it. */
  lease: z.strictObject({ epoch: count, holder: label.optional(), claimedAt: time }).optional(),
  /** The process that it belongs to. */
  binding: binding.optional(),
  /** Since when nothing was heard of a command of it that runs: of the one that is silent the longest. */
  stalledSince: time.optional(),
  /** Number of the event that created it: with the id it names one session for ever. */
  createdSeq: seq,
});

/** A session right after a write, with the number of the event that made it so. */
export const writtenSession = z.strictObject({ ...session.shape, seq });

/** What an entry of the audit trail tells, where its writer said so. */
export const activityKind = z.enum(["event", "error", "decision"]);

/** One entry of a session's audit trail. */
export const activity = z.strictObject({
  seq,
  at: time,
  kind: activityKind.optional(),
  action: label,
  details: json.optional(),
  usage: usage.optional(),
});

/** Stands in a list for an item that fails its checksum on disk; the others can be read. */
export const damagedItem = z.strictObject({
  damaged: z.literal(true),
  error: z.literal("content_damaged"),
  /** Where its line begins in the session's file. */
  offsetBytes: count,
});

/** Figures of one session. */
export const sessionStats = z.strictObject({
  sessionId: id,
  status: sessionStatus,
  /** From creation to the end, or to now. */
  durationMs: count,
  /** Since the last activity, counted in the daemon's up-time. */
  idleMs: count,
  activities: count,
  commands: commandCounts,
  invocations: invocationCounts,
  totals,
  /** What is left until each limit that is set ends the session. */
  remaining: z.strictObject({
    idleMs: count.optional(),
    lifetimeMs: count.optional(),
    heartbeatMs: count.optional(),
  }),
});
