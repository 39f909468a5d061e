import * as fc from "fast-check";

import type { EndCause } from "../../src/session/state.js";

const sessionId = fc.constantFrom("s1", "s1", "s1", "s2", "s3");
const commandId = fc.constantFrom("c1", "c1", "c1", "c2", "c3");
const text = fc.option(fc.string({ minLength: 1, maxLength: 5 }), { nil: undefined });

const cause = fc.constantFrom<EndCause[]>(
  "exited",
  "exited",
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
);
const outcome = fc.record(
  {
    cause,
    exitCode: fc.constantFrom(0, 1, 2),
    signal: fc.constant("SIGKILL"),
    error: fc.string({ maxLength: 3 }),
  },
  { requiredKeys: ["cause"] },
);

/** Asks for a command to be run. */
export const start = fc.record({
  type: fc.constant("command/start" as const),
  sessionId,
  commandId,
  name: text,
  argv: fc.constantFrom<string[][]>(["make"], ["/bin/true", "x"], ["/"]),
  cwd: fc.constant("/"),
  token: fc.constant("token"),
  limits: fc.record({
    startToCloseMs: fc.constant(0),
    scheduleToCloseMs: fc.constantFrom(0, 0, 9_000),
    stallTimeoutMs: fc.constantFrom(50, 50, 0),
    stall: fc.constantFrom(undefined, { afterMs: 9, action: "stop" as const, watch: ["cpu" as const] }),
    graceMs: fc.constant(0),
    maxOutputBytes: fc.constant(0),
  }),
  retry: fc.record({
    maxAttempts: fc.constantFrom(1, 5, 9),
    initialIntervalMs: fc.nat(1_000),
    backoffCoefficient: fc.constant(2),
    maximumIntervalMs: fc.constant(2_000),
    jitter: fc.constantFrom(0, 0.5),
    nonRetryableExitCodes: fc.constantFrom<number[][]>([], [2]),
  }),
});

/** A try runs. */
export const reportStart = fc.record({
  type: fc.constant("command/report-start" as const),
  commandId,
  attempt: fc.constant(0),
  process: fc.record({ pid: fc.nat() }),
});

/** Nothing moves in a try, or something does again. */
export const reportStall = fc.oneof(
  fc.record({
    type: fc.constant("command/report-stall" as const),
    commandId: fc.constant("c1"),
    attempt: fc.constant(0),
    since: fc.nat({ max: 10_000 }),
    outputBytes: fc.nat(9),
    lastHeartbeatAt: fc.option(fc.nat({ max: 10_000 }), { nil: undefined }),
  }),
  fc.record({
    type: fc.constant("command/report-recovery" as const),
    commandId: fc.constant("c1"),
    attempt: fc.constant(0),
    sign: fc.constantFrom("output" as const, "cpu" as const, "heartbeat" as const),
  }),
);

/** A try is over. */
export const reportEnd = fc.record({
  type: fc.constant("command/report-end" as const),
  commandId,
  attempt: fc.constant(0),
  outcome,
  retryable: fc.constantFrom(true, true, false),
  chance: fc.double({ min: 0, max: 1, noNaN: true }),
  stdoutBytes: fc.constant(1),
  stderrBytes: fc.constant(2),
  // Known where it ended while no daemon was there.
  endedAt: fc.option(fc.nat({ max: 10_000 }), { nil: undefined }),
});

// What undoes something is met only where the other came before.

/** What happens to a command that stays as it is. */
export const IN_PLACE: ReadonlySet<string> = new Set([
  "command/signalled",
  "command/stalled",
  "command/recovered",
]);
