import { expect, it } from "vitest";
import { configSchema } from "../../src/config/schema.js";

it("fills in every default", () => {
  expect(configSchema.parse({})).toEqual({
    log: {
      level: "info",
      maxSizeBytes: 10_485_760,
      keepFiles: 7,
      sessionMaxSizeBytes: 4_194_304,
      sessionKeepFiles: 4,
      maxOpenSessionLogs: 64,
    },
    journal: {
      segmentBytes: 16_777_216,
      reserveBytes: 1_048_576,
      keepMs: 86_400_000,
      keepBytes: 268_435_456,
      minimumSnapshotBytes: 33_554_432,
    },
    sessions: {
      maxSessions: 100_000,
      idleTimeoutMs: 3_600_000,
      lifetimeMs: 0,
      heartbeatTimeoutMs: 0,
      autoSaveIntervalMs: 5_000,
    },
    retention: {
      archiveAfterMs: 2_592_000_000,
      deleteAfterMs: 0,
      trashAfterMs: 604_800_000,
      chainsAfterMs: 604_800_000,
      maxSessions: 0,
      maxTotalBytes: 0,
      policies: [],
    },
    leases: { graceMs: 10_000 },
    commands: {
      maxRunning: 256,
      maxRunningPerSession: 32,
      startToCloseMs: 0,
      stallTimeoutMs: 0,
      graceMs: 5_000,
      maxOutputBytes: 104_857_600,
      keepPerSession: 1_000,
      outliveDaemon: true,
    },
    metrics: { enabled: true, keepMs: 2_592_000_000 },
    idempotency: { keepMs: 3_600_000, maxKeys: 1_000_000 },
    paths: { closed: [], open: [], lowSpaceBytes: 1_073_741_824 },
    limits: {
      connections: 2_048,
      messageBytes: 4_194_304,
      inFlightPerConnection: 128,
      queueBytes: 4_194_304,
      batchLength: 1_000,
    },
  });
});

it("gives every parse a value of its own", () => {
  const first = configSchema.parse({});
  first.sessions.idleTimeoutMs = 1;
  expect(configSchema.parse({}).sessions.idleTimeoutMs).toBe(3_600_000);
});
