import { z } from "zod";

import { command, commandRequest, enforcedBy, notHeld } from "./command.js";
import { invocationData } from "./invocation.js";
import { LIMITS } from "./limits.js";
import { message } from "./message.js";
import { activity, retryPolicy, session, sessionConfig, sessionConfigPatch, totals } from "./session.js";
import { count, durationMs, id, label, time } from "./shapes.js";
import { resourceLimits } from "./resourceLimits.js";
import { stallPolicy } from "./stall.js";
import { workspace } from "./workspace.js";

/** What the first line of a file says that holds a whole session. */
export const PORTABLE_FORMAT = "sessiond-export";
/**
 * Of the format as it is written here; what is of a later one is not read. Version 1 had no checkpoints, no commands, no
 * workspace and no lease: each kind of lines more is a version more, so that no reader leaves one out without a word.
 */
export const PORTABLE_VERSION = 2;

/** The first line, as far as every version has it. */
export const portableHead = z.object({ format: z.literal(PORTABLE_FORMAT), version: z.int().min(1) });

/** The first line of this version. */
export const portableHeader = z.strictObject({
  ...portableHead.shape,
  sessionId: id,
  exportedAt: time,
  /** Whether the environment is whole, or without what looks like a secret. */
  secrets: z.enum(["included", "left out"]),
});

const range = z.tuple([count, count]);

/** How often each tool was used. A tool may have any name, `__proto__` too: the object is taken as it is. */
const toolsUsed = z.custom<Record<string, number>>(
  (found) =>
    typeof found === "object" &&
    found !== null &&
    !Array.isArray(found) &&
    Object.values(found).every((uses) => count.safeParse(uses).success),
  "expected a count of each tool",
);

const conversation = z.strictObject({ count, appended: count, hidden: z.array(range) });
const totalsInFile = totals.extend({ toolsUsed });

/** The second line: the session itself, but for what belongs to the place where it was. */
export const portableSession = session
  // Picked by name: what sessions come to have does not become a part of the format by itself.
  .pick({
    sessionId: true,
    status: true,
    name: true,
    purpose: true,
    description: true,
    userId: true,
    parentId: true,
    workingDirectory: true,
    tags: true,
    metadata: true,
    environment: true,
    createdAt: true,
    updatedAt: true,
    lastActivityAt: true,
    endedAt: true,
    endReason: true,
    archivedAt: true,
    pinned: true,
    activities: true,
    commands: true,
    invocations: true,
  })
  .extend({
    line: z.literal("session"),
    /** Variables that the environment had and the file has not. */
    withheld: z.array(z.string()),
    config: sessionConfigPatch,
    conversation,
    totals: totalsInFile,
    /** What it was, and where; the folder itself is not in the file. */
    workspace: workspace.optional(),
    /**
     * The last lease that was given out, so that the epochs go on and none comes twice. Its token is not in the file: the
     * right to write belongs to a connection to the daemon that gave it.
     */
    lease: z
      .strictObject({ epoch: z.int().min(1), holder: label.optional(), claimedAt: time, held: z.boolean() })
      .optional(),
  });

/** The lines behind it, by their kinds, which come one after the other; each oldest first. */
export const portableBodies = {
  activity: activity.omit({ seq: true }).extend({ line: z.literal("activity") }),
  message: message.omit({ seq: true }).extend({ line: z.literal("message") }),
  /** `at` is when its end was recorded, or its start of one that ran when the file was written. */
  invocation: invocationData.extend({ line: z.literal("invocation"), at: time }),
} as const;

/** A checkpoint: what it keeps, and what it is called. They come behind all bodies, oldest first. */
export const portableCheckpoint = z.strictObject({
  line: z.literal("checkpoint"),
  /** Made by a daemon. In lower case, so that no two are one file where capitals do not count. */
  checkpointId: z.uuid().regex(/^[0-9a-f-]+$/),
  label: label.optional(),
  automatic: z.boolean(),
  at: time,
  /** Variables that its environment had and the file has not. */
  withheld: z.array(z.string()),
  value: session
    .pick({
      name: true,
      purpose: true,
      description: true,
      userId: true,
      workingDirectory: true,
      tags: true,
      metadata: true,
      environment: true,
      status: true,
      endedAt: true,
      endReason: true,
    })
    .extend({ config: sessionConfigPatch, totals: totalsInFile, conversation }),
});

/** A command as it was when the file was written; it may have run on. They come behind the checkpoints, oldest first. */
export const portableCommand = command
  .pick({
    commandId: true,
    name: true,
    cwd: true,
    status: true,
    attempt: true,
    exitCode: true,
    cause: true,
    error: true,
    createdAt: true,
    startedAt: true,
    endedAt: true,
    stdoutBytes: true,
    stderrBytes: true,
    supervision: true,
  })
  .extend({
    line: z.literal("command"),
    argv: commandRequest.argv,
    signal: label.optional(),
    limits: sessionConfig
      .pick({ startToCloseMs: true, stallTimeoutMs: true, graceMs: true, maxOutputBytes: true })
      .extend({ scheduleToCloseMs: durationMs, stall: stallPolicy.optional(), ...resourceLimits.shape }),
    holding: z.strictObject({ enforcedBy: enforcedBy.optional(), notHeld: notHeld.optional() }).optional(),
    refusedForks: count.optional(),
    retry: retryPolicy,
    mergeStderr: z.boolean().optional(),
    /** Somebody asked it to end. */
    cancelled: z.boolean(),
  });

/** A piece of what a command wrote. They come last: by the order of their commands, stdout before stderr. */
export const portableOutput = z.strictObject({
  line: z.literal("output"),
  commandId: id,
  stream: z.enum(["stdout", "stderr"]),
  /** How many bytes of the stream come before it. */
  from: count,
  base64: z
    .string()
    .min(1)
    .max(LIMITS.outputBytes * 2),
});

/** The last line. */
export const portableEnd = z.strictObject({
  line: z.literal("end"),
  /** How many lines of each kind there are. */
  lines: z.record(z.string(), count),
  /** How many of each kind could not be read when the file was written, and so are not in it. */
  damaged: z.record(z.string(), count),
  /** Of all bytes before this line, in lower-case hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export type PortableHeader = z.output<typeof portableHeader>;
export type PortableSession = z.output<typeof portableSession>;
export type PortableBodyKind = keyof typeof portableBodies;
export type PortableCheckpoint = z.output<typeof portableCheckpoint>;
export type PortableCommand = z.output<typeof portableCommand>;
export type PortableOutput = z.output<typeof portableOutput>;
export type PortableEnd = z.output<typeof portableEnd>;
