import { isAbsolute } from "node:path";
import { z } from "zod";

import { retention } from "./retention.js";

const KIB = 1_024;
const MIB = 1_024 * KIB;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A path that means the same place whoever reads it: absolute, and free of the NUL that no system takes. */
const absolutePath = (meaning: string) =>
  z
    .string()
    .refine((path) => isAbsolute(path) && !path.includes("\0"), { error: "an absolute path" })
    .meta({ description: meaning, allowed: "an absolute path" });

/** A whole number of at least `least`. */
const count = (least: number, meaning: string) => z.int().min(least).describe(meaning);

/** The levels of a log, least important first. */
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error"] as const;

const log = z.strictObject({
  level: z.enum(LOG_LEVELS).default("info").describe("least important level that the daemon's log keeps"),
  maxSizeBytes: count(KIB, "size at which a log file is rolled").default(10 * MIB),
  keepFiles: count(1, "log files kept, the live one included").default(7),
  sessionMaxSizeBytes: count(KIB, "size at which a log file of one session is rolled").default(4 * MIB),
  sessionKeepFiles: count(1, "log files kept of one session, the live one included").default(4),
  maxOpenSessionLogs: count(1, "logs of sessions held open at once").default(64),
});

const journal = z.strictObject({
  segmentBytes: count(4 * KIB, "size at which a new segment is begun").default(16 * MIB),
  reserveBytes: count(0, "space kept free for the daemon's own records").default(MIB),
  keepMs: count(0, "how long records stay for subscribers after a snapshot").default(DAY_MS),
  keepBytes: count(0, "how much stays for subscribers after a snapshot").default(256 * MIB),
  minimumSnapshotBytes: count(KIB, "journal written before a snapshot is worth its cost").default(32 * MIB),
});

const sessions = z.strictObject({
  maxSessions: count(1, "sessions that may exist at once").default(100_000),
  idleTimeoutMs: count(0, "inactivity that ends a session; 0 is never").default(HOUR_MS),
  lifetimeMs: count(0, "age that ends a session; 0 is never").default(0),
  heartbeatTimeoutMs: count(0, "silence of the heartbeat that ends a session; 0 is never").default(0),
  autoSaveIntervalMs: count(100, "how soon the session's files follow the journal").default(5_000),
});

const leases = z.strictObject({
  graceMs: count(0, "how long a lease outlives the connection of its holder").default(10_000),
});

const commands = z.strictObject({
  maxRunning: count(1, "commands that may run at once").default(256),
  maxRunningPerSession: count(1, "commands of one session that may run at once").default(32),
  startToCloseMs: count(0, "longest run of one try; 0 is no limit").default(0),
  stallTimeoutMs: count(0, "longest silence on the output; 0 is no limit").default(0),
  graceMs: count(0, "time from SIGTERM to SIGKILL").default(5_000),
  maxOutputBytes: count(0, "output that one command may write").default(100 * MIB),
  keepPerSession: count(1, "ended commands that a session remembers").default(1_000),
  outliveDaemon: z
    .boolean()
    .default(true)
    .describe("whether commands go on when the daemon ends, where that is possible"),
});

const metrics = z.strictObject({
  enabled: z.boolean().default(true).describe("whether processes of sessions are measured"),
  keepMs: count(0, "how long what was measured is kept, 30 days at most").default(30 * DAY_MS),
});

const idempotency = z.strictObject({
  keepMs: count(0, "how long the answer to a keyed write is remembered").default(HOUR_MS),
  maxKeys: count(0, "keys remembered at once; over it keyed writes are refused").default(1_000_000),
});

const limits = z.strictObject({
  connections: count(1, "clients connected at once").default(2_048),
  messageBytes: count(KIB, "size of one message").default(4 * MIB),
  inFlightPerConnection: count(1, "unanswered requests of one connection").default(128),
  queueBytes: count(KIB, "bytes that wait for a client to read them").default(4 * MIB),
  batchLength: count(1, "requests in one batch").default(1_000),
});

const paths = z.strictObject({
  closed: z
    .array(absolutePath("a folder"))
    .default([])
    .describe("folders that no path may lie in, beside the system's"),
  open: z.array(absolutePath("a folder")).default([]).describe("folders that paths may lie in all the same"),
  lowSpaceBytes: count(0, "free space below which a path is warned about").default(1_024 * MIB),
});

/**
 * The one definition of every setting, with its default and its meaning. Sections are strict: a key that is
 * not here is an error. The names of variables and flags are derived from it (`settings.ts`). An absent path
 * is filled in by `resolvePlaces`.
 */
export const configSchema = z.strictObject({
  dataDir: absolutePath("folder of everything that must survive").optional(),
  logDir: absolutePath("folder of the log files").optional(),
  socket: absolutePath("path of the Unix socket").optional(),
  log: log.prefault({}).describe("the daemon's log, and one log a session"),
  journal: journal.prefault({}).describe("the record of every change"),
  sessions: sessions.prefault({}).describe("limits of sessions that bring none of their own"),
  retention: retention.prefault({}).describe("what becomes of sessions that ended long ago"),
  leases: leases.prefault({}).describe("sessions that one writer has for itself"),
  commands: commands.prefault({}).describe("limits of commands that bring none of their own"),
  metrics: metrics.prefault({}).describe("what sessions and the machine use"),
  idempotency: idempotency.prefault({}).describe("writes that are safe to repeat"),
  paths: paths.prefault({}).describe("what is said of paths"),
  limits: limits.prefault({}).describe("what one client may ask of the daemon"),
});

/** A whole configuration, every default filled in. */
export type Config = z.output<typeof configSchema>;

/** What a person has to write: every section and every key may be left out. */
export type ConfigInput = z.input<typeof configSchema>;
