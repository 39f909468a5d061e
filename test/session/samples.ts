import type { Bounds, Command } from "../../src/session/commands.js";
import { decide } from "../../src/session/decide.js";
import type { Decision, Head } from "../../src/session/decision.js";
import type { Event, ImportedExecution, Stamp } from "../../src/session/events.js";
import { evolve } from "../../src/session/evolve.js";
import type { Execution, Session } from "../../src/session/state.js";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;

/** Settings in which nothing limits anything. */
export const CONFIG: Session["config"] = {
  idleTimeoutMs: 0,
  lifetimeMs: 0,
  heartbeatTimeoutMs: 0,
  autoSaveIntervalMs: 5_000,
  logging: { enabled: true, level: "info" },
  startToCloseMs: 0,
  stallTimeoutMs: 0,
  graceMs: 5_000,
  maxOutputBytes: 0,
  retry: {
    maxAttempts: 1,
    initialIntervalMs: 1_000,
    backoffCoefficient: 2,
    maximumIntervalMs: 60_000,
    jitter: 0,
    nonRetryableExitCodes: [],
  },
  maxRunningCommands: 8,
};

/** Bounds that are far away. */
export const BOUNDS: Bounds = {
  maxSessions: 100,
  maxRunning: 100,
  metadataKeys: 100,
  metadataValueLength: 10_000,
  metadataLength: 100_000,
  detailsLength: 10_000,
  messageLength: 10_000,
  labelLength: 256,
  checkpoints: 100,
  automaticCheckpoints: 10,
  hiddenRuns: 10_000,
  templates: 10,
  runningInvocations: 10,
  chains: 1_000,
  chainEntries: 10,
  chainResponseLength: 200,
  chainMetadataLength: 100,
  textLength: 4_096,
  alertRules: 10,
  alertTargetsLength: 500,
  openAlerts: 10,
};

/** When and where an event stands that comes after the samples. */
export const STAMP: Stamp = { seq: 7, at: 9_000, up: 400 };

/** An active session, created at 1,000, that holds nothing. */
export function session(changes: Partial<Session> = {}): Session {
  return {
    sessionId: "s",
    createdSeq: 1,
    status: "active",
    name: undefined,
    purpose: undefined,
    description: undefined,
    userId: undefined,
    parentId: undefined,
    workingDirectory: undefined,
    workspace: undefined,
    tags: [],
    metadata: {},
    metadataLength: 0,
    environment: {},
    config: CONFIG,
    createdAt: 1_000,
    updatedAt: 1_000,
    lastActivityAt: 1_000,
    lastActivityUp: 100,
    endedAt: undefined,
    endReason: undefined,
    archivedAt: undefined,
    deletedAt: undefined,
    pinned: false,
    activities: 0,
    conversation: { count: 0, appended: 0, hidden: [] },
    checkpoints: [],
    commands: { total: 0, running: 0, succeeded: 0, failed: 0, retries: 0 },
    invocations: { running: 0, succeeded: 0, failed: 0, cancelled: 0, abandoned: 0 },
    totals: {
      invocations: 0,
      durationMs: 0,
      toolsUsed: {},
      tokenUsage: { input: 0, output: 0 },
      estimatedCostUsd: 0,
    },
    lease: undefined,
    binding: undefined,
    stalls: undefined,
    ...changes,
  };
}

/** A command of that session: its first try runs since 2,000, and three are allowed. */
export function execution(changes: Partial<Execution> = {}): Execution {
  return {
    commandId: "c",
    sessionId: "s",
    createdSeq: 2,
    name: undefined,
    argv: ["/usr/bin/make", "all"],
    cwd: "/",
    token: "token",
    limits: { startToCloseMs: 0, scheduleToCloseMs: 0, stallTimeoutMs: 0, graceMs: 5_000, maxOutputBytes: 0 },
    retry: { ...CONFIG.retry, maxAttempts: 3 },
    status: "running",
    attempt: 1,
    process: { pid: 42 },
    stalled: undefined,
    cancelled: false,
    exitCode: undefined,
    signal: undefined,
    cause: undefined,
    error: undefined,
    createdAt: 2_000,
    startedAt: 2_000,
    endedAt: undefined,
    nextAttemptAt: undefined,
    stdoutBytes: undefined,
    stderrBytes: undefined,
    ...changes,
  };
}

/** A command that came with an import. */
export function importedExecution(changes: Partial<ImportedExecution> = {}): ImportedExecution {
  const {
    sessionId: _,
    createdSeq: __,
    process: ___,
    stalled: ____,
    nextAttemptAt: _____,
    ...same
  } = execution();
  const over = { status: "failed", cause: "exited", exitCode: 2, endedAt: 2_500 } as const;
  return { ...same, ...over, stdoutBytes: 3, stderrBytes: 0, ...changes };
}

/** A head with nothing beside sessions and commands. */
export const NO_THINGS: Head["things"] = {
  templates: { head: () => undefined, headSize: 0 },
  invocations: { head: () => undefined, headOf: () => [], headSize: 0 },
  chains: { head: () => undefined, headSize: 0 },
  alertRules: { head: () => undefined, headSize: 0 },
  alerts: { head: () => undefined, headOf: () => [], headSize: 0 },
};

/** A head that holds just these. */
export function headOf(sessions: readonly Session[], executions: readonly Execution[] = []): Head {
  return {
    session: (sessionId) => sessions.find((one) => one.sessionId === sessionId),
    execution: (commandId) => executions.find((one) => one.commandId === commandId),
    things: NO_THINGS,
    sessionCount: sessions.length,
    liveCount: executions.length,
  };
}

/** The report that the first try of the command is over. */
export function ended(changes: Partial<Of<"command/report-end">> = {}): Of<"command/report-end"> {
  return {
    type: "command/report-end",
    commandId: "c",
    attempt: 1,
    outcome: { cause: "exited", exitCode: 1 },
    retryable: true,
    chance: 0,
    stdoutBytes: 10,
    stderrBytes: 20,
    ...changes,
  };
}

/** Decides with far bounds at 10,000, unless given otherwise. */
export function decided(
  head: Head,
  command: Command,
  { at = 10_000, bounds = {} }: { at?: number; bounds?: Partial<Bounds> } = {},
): Decision {
  return decide(head, command, { at }, { ...BOUNDS, ...bounds });
}

/** The only event of a decision. */
export function onlyEvent(decision: Decision): Event {
  if (!("events" in decision)) throw new Error(`refused: ${decision.refusal.message}`);
  const [event, ...others] = decision.events;
  if (event === undefined || others.length > 0) throw new Error(`${decision.events.length} events`);
  return event;
}

/** Asks for a session that holds nothing but what is given. */
export function create(changes: Partial<Of<"session/create">> = {}): Of<"session/create"> {
  const { name, purpose, description, userId, parentId, workingDirectory } = session();
  const texts = { name, purpose, description, userId, parentId, workingDirectory };
  const empty = { tags: [], metadata: {}, environment: {}, config: CONFIG };
  return { type: "session/create", sessionId: "new", ...texts, ...empty, ...changes };
}

/** Asks for a change of the session. */
export function update(changes: Partial<Of<"session/update">>): Of<"session/update"> {
  return { type: "session/update", sessionId: "s", ...changes };
}

/** The session after a command that is allowed. */
export function after(before: Session, command: Command): Session | undefined {
  return evolve(before, onlyEvent(decided(headOf([before]), command)), STAMP);
}

/** A session with that metadata, its length counted as `evolve` counts it. */
export function withMetadata(metadata: Session["metadata"]): Session {
  const made = evolve(undefined, onlyEvent(decided(headOf([]), create({ sessionId: "s", metadata }))), STAMP);
  if (made === undefined) throw new Error("the session was not made");
  return made;
}
