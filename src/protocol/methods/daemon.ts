import { z } from "zod";

import { supervision } from "../command.js";
import { method } from "../method.js";
import { absolutePath, count, durationMs, label, seq, time } from "../shapes.js";

const byStatus = z.record(z.string(), count);

/** `limited`: everything works, with less; `trouble`: something is to be done. */
const findingStatus = z.enum(["ok", "limited", "trouble"]);

export const daemon = {
  "daemon/hello": method({
    summary: "Says who is there: versions, limits and methods. Optional; no handshake is required.",
    get params() {
      return z.strictObject({
        protocolVersion: z.int().optional(),
        client: z.strictObject({ name: label, version: label.optional() }).optional(),
      });
    },
    get result() {
      return z.strictObject({
        protocolVersion: z.int(),
        version: z.string(),
        methods: z.array(z.string()),
        limits: z.record(z.string(), z.number()),
        idempotency: z.strictObject({ keepMs: durationMs, maxKeys: count }),
      });
    },
    errors: ["unsupported_protocol"],
    access: "read",
    durable: false,
  }),
  "daemon/ping": method({
    summary: "Answers at once.",
    get params() {
      return z.strictObject({});
    },
    get result() {
      return z.strictObject({ pong: z.literal(true), at: time });
    },
    errors: [],
    access: "read",
    durable: false,
  }),
  "daemon/status": method({
    summary: "Figures of the whole: sessions and commands by status, the journal, the process itself.",
    get params() {
      return z.strictObject({});
    },
    get result() {
      return z.strictObject({
        version: z.string(),
        pid: count,
        startedAt: time,
        /** Since this start. */
        uptimeMs: count,
        /** Over all starts, without the time asleep. */
        cumulativeUptimeMs: count,
        socket: z.string().optional(),
        dataDir: z.string().optional(),
        logDir: z.string().optional(),
        sessions: z.strictObject({ total: count, archived: count, byStatus }),
        commands: z.strictObject({ total: count, running: count, byStatus }),
        /** What commands that are started now get; see the command. */
        supervision,
        activities: count,
        connections: count,
        subscriptions: count,
        idempotencyKeys: count,
        journal: z.strictObject({ seq, oldestSeq: seq, sizeBytes: count, segments: count, snapshotSeq: seq }),
        recovery: z.strictObject({
          durationMs: count,
          records: count,
          /** Of earlier daemons: those that this one goes on with, and those of which nothing is known. */
          adoptedCommands: count,
          lostCommands: count,
        }),
        memory: z.strictObject({ rssBytes: count, heapUsedBytes: count }),
        /** How late the event loop was: each figure is that of the worst ten seconds of the last minute. */
        loop: z.strictObject({
          p50Ms: z.number().min(0),
          p99Ms: z.number().min(0),
          maxMs: z.number().min(0),
        }),
      });
    },
    errors: [],
    access: "read",
    durable: false,
  }),
  "daemon/health": method({
    summary: "Whether all is well, by named checks; cheap enough to poll.",
    get params() {
      return z.strictObject({});
    },
    get result() {
      return z.strictObject({
        status: z.enum(["ok", "degraded"]),
        checks: z.array(
          z.strictObject({ name: z.string(), status: z.enum(["ok", "degraded"]), detail: z.string() }),
        ),
      });
    },
    errors: [],
    access: "read",
    durable: false,
  }),
  "daemon/doctor": method({
    summary: "What this machine lets the daemon do, what that means, and what can be done about it.",
    get params() {
      return z.strictObject({});
    },
    get result() {
      return z.strictObject({
        status: findingStatus,
        checks: z.array(
          z.strictObject({
            name: z.string(),
            status: findingStatus,
            detail: z.string(),
            /** Where it is not all right. */
            advice: z.string().optional(),
          }),
        ),
      });
    },
    errors: [],
    access: "read",
    durable: false,
  }),
  "daemon/backup": method({
    summary:
      "Copies everything as it is at one seq into a new folder, while writes go on; answers when it is durable.",
    get params() {
      return z.strictObject({
        /** Empty or not there yet; the folder that it lies in is. Outside of the data folder. */
        path: absolutePath,
      });
    },
    get result() {
      return z.strictObject({
        path: z.string(),
        /** Everything up to here is in it, and nothing after. */
        seq,
        sizeBytes: count,
        fileCount: count,
        durationMs: count,
      });
    },
    errors: ["backup_failed", "limit_reached", "shutting_down"],
    access: "write",
    durable: false,
  }),
  "daemon/shutdown": method({
    summary: "Stops the daemon in order: commands, journal, socket.",
    get params() {
      return z.strictObject({
        /** `keep`: those that have a keeper go on, and the next daemon adopts them. */
        commands: z.enum(["keep", "stop"]).default("keep"),
      });
    },
    get result() {
      return z.strictObject({ stopping: z.literal(true) });
    },
    errors: [],
    access: "write",
    durable: false,
  }),
};
