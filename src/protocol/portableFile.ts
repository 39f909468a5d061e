import { z } from "zod";

import { invocationData, invocationStatus } from "./invocation.js";
import { message } from "./message.js";
import { activity, session, sessionConfigPatch, totals } from "./session.js";
import { count, id, time } from "./shapes.js";

/** What the first line of a file says that holds a whole session. */
export const PORTABLE_FORMAT = "sessiond-export";
/** Of the format as it is written here; what is of a later one is not read. */
export const PORTABLE_VERSION = 1;

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
    conversation: z.strictObject({ count, appended: count, hidden: z.array(range) }),
    totals: totals.extend({ toolsUsed }),
  });

/** The lines behind it, by their kinds, which come one after the other; each oldest first. */
export const portableBodies = {
  activity: activity.omit({ seq: true }).extend({ line: z.literal("activity") }),
  message: message.omit({ seq: true }).extend({ line: z.literal("message") }),
  /** One that was over; `at` is when that was recorded. */
  invocation: invocationData.required({ endedAt: true }).extend({
    line: z.literal("invocation"),
    at: time,
    status: invocationStatus.exclude(["running"]),
  }),
} as const;

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
export type PortableEnd = z.output<typeof portableEnd>;
