import * as fc from "fast-check";

import type { Command } from "../../src/session/commands.js";
import {
  cloneSession,
  create,
  environment,
  importSession,
  key,
  metadata,
  sessionId,
  tags,
  text,
  value,
} from "./birthSequences.js";
import type { Model } from "./model.js";
import { alert } from "./alertSequences.js";
import { chain } from "./chainSequences.js";
import { checkpoint, checkpointCommandOf, isOfCheckpoint } from "./checkpointSequences.js";
import { reportEnd, reportStall, reportStart, start } from "./executionSequences.js";
import { invocation } from "./invocationSequences.js";

/** One thing that is asked. */
export interface Step {
  readonly command: Command;
  /** Which try a report is about: of the state that it meets, so that many reports are news. */
  readonly attempt: "current" | "next" | "stray";
  /** Milliseconds since the step before, on the wall and of up-time. */
  readonly passedMs: number;
}

/** The command of a step, as it is asked of this state. */
export function commandOf({ command, attempt }: Step, model: Model): Command {
  if (isOfCheckpoint(command)) return checkpointCommandOf(command, model);
  if (!isReport(command)) return command;
  const last = model.execution(command.commandId)?.attempt ?? 0;
  return { ...command, attempt: Math.max(1, last + { current: 0, next: 1, stray: 2 }[attempt]) };
}

function isReport(command: Command): command is Extract<Command, { type: `command/report-${string}` }> {
  return command.type.startsWith("command/report-");
}

const commandId = fc.constantFrom("c1", "c1", "c1", "c2", "c3");
const usage = fc.record(
  {
    tool: fc.constantFrom("grep", "make", "__proto__"),
    durationMs: fc.nat(100),
    inputTokens: fc.nat(100),
    outputTokens: fc.nat(100),
    costUsd: fc.double({ min: 0, max: 1, noNaN: true }),
  },
  { requiredKeys: [] },
);
const appendMessage = fc.record(
  {
    type: fc.constant("message/append" as const),
    sessionId,
    messageId: fc.uuid(),
    role: fc.constantFrom("user" as const, "tool" as const),
    content: fc.oneof(fc.string({ maxLength: 5 }), fc.constant([{ type: "text", text: "x" }])),
    toolName: text,
    usage: fc.constantFrom({ inputTokens: 3 }, { costUsd: 0.5 }),
  },
  { requiredKeys: ["type", "sessionId", "messageId", "role", "content"] },
);

const template = fc.oneof(
  fc.record({
    type: fc.constant("template/save" as const),
    templateId: fc.constantFrom("t1", "t2"),
    description: text,
    defaults: fc.record({ purpose: fc.constant("x"), tags, metadata }, { requiredKeys: [] }),
  }),
  fc.record({ type: fc.constant("template/delete" as const), templateId: fc.constantFrom("t1", "t2") }),
);

const token = fc.constantFrom("k1", "k2", "k3");
const lease = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record(
      {
        type: fc.constant("session/claim" as const),
        sessionId,
        token,
        held: token,
        takeover: fc.constantFrom(false, true),
        holder: text,
      },
      { requiredKeys: ["type", "sessionId", "token", "takeover"] },
    ),
  },
  fc.record({ type: fc.constant("session/release" as const), sessionId, held: token }),
  fc.record({ type: fc.constant("session/lapse" as const), sessionId, epoch: fc.constantFrom(1, 2) }),
);

const pid = fc.constantFrom(41, 42);
const BOOT = { startTicks: fc.constant(7), bootId: fc.constant("boot") };
const binding = fc.oneof(
  fc.record({
    type: fc.constant("session/bind" as const),
    sessionId,
    pid,
    ...BOOT,
    name: text,
    onExit: fc.constantFrom("exit_code" as const, "complete" as const, "fail" as const, "abandon" as const),
  }),
  fc.record({ type: fc.constant("session/unbind" as const), sessionId }),
  fc.record({
    type: fc.constant("session/process-gone" as const),
    sessionId,
    pid,
    ...BOOT,
    isOfEarlierBoot: fc.boolean(),
    exitCode: fc.constantFrom(undefined, 0, 3),
  }),
);

const nullable = fc.constantFrom(undefined, null, "x");
const update = fc.record(
  {
    type: fc.constant("session/update" as const),
    sessionId,
    name: nullable,
    purpose: nullable,
    description: nullable,
    userId: nullable,
    workingDirectory: fc.constantFrom(undefined, "/v"),
    tags,
    metadata,
    environment,
    config: fc.constantFrom({}, { graceMs: 7 }, { retry: { maxAttempts: 2 } }),
  },
  { requiredKeys: ["type", "sessionId"] },
);

const SHELVING = [
  "unarchive",
  "unarchive",
  "trash",
  "trash",
  "untrash",
  "untrash",
  "pin",
  "pin",
  "unpin",
].map(
  (verb) => `session/${verb}` as "session/unarchive" | "session/trash" | "session/untrash" | "session/pin",
);

const plain = fc.oneof(
  { weight: 4, arbitrary: create },
  { weight: 1, arbitrary: cloneSession },
  { weight: 1, arbitrary: importSession },
  { weight: 1, arbitrary: update },
  { weight: 1, arbitrary: appendMessage as fc.Arbitrary<Command> },
  { weight: 2, arbitrary: checkpoint },
  { weight: 1, arbitrary: template },
  { weight: 4, arbitrary: lease },
  { weight: 1, arbitrary: binding },
  { weight: 2, arbitrary: invocation },
  { weight: 2, arbitrary: chain },
  { weight: 7, arbitrary: alert },
  { weight: 6, arbitrary: start },
  fc.record({
    type: fc.constantFrom(
      "session/touch" as const,
      "session/resume" as const,
      "session/archive" as const,
      "session/delete" as const,
    ),
    sessionId,
  }),
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom(...SHELVING),
      sessionId: fc.constantFrom("s1"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("session/pause" as const), sessionId, reason: text }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("session/end" as const),
      sessionId,
      status: fc.constantFrom("completed" as const, "failed" as const, "abandoned" as const),
      reason: text,
    }),
  },
  fc.record({
    type: fc.constant("workspace/release" as const),
    sessionId,
    outcome: fc.constantFrom("removed" as const, "kept" as const),
    reason: text,
  }),
  fc.record({
    type: fc.constant("session/expire" as const),
    sessionId: fc.constantFrom("s3"),
    limit: fc.constantFrom("idle" as const, "lifetime" as const, "heartbeat" as const),
    afterMs: fc.nat(),
  }),
  fc.record(
    {
      type: fc.constant("session/record" as const),
      sessionId,
      kind: fc.constant("event" as const),
      action: fc.constant("looked"),
      details: value,
      usage,
    },
    { requiredKeys: ["type", "sessionId", "action"] },
  ),
  fc.record({ type: fc.constant("metadata/set" as const), sessionId, key, value }),
  fc.record({ type: fc.constant("metadata/delete" as const), sessionId, key }),
  fc.record({
    type: fc.constant("command/signal" as const),
    commandId,
    signal: fc.constantFrom("SIGTERM", "SIGUSR1"),
  }),
);

/** What a machine and its callers may ask, in any order. */
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    command: fc.oneof(
      { weight: 4, arbitrary: plain },
      { weight: 1, arbitrary: reportStart },
      { weight: 3, arbitrary: reportEnd },
      { weight: 4, arbitrary: reportStall },
    ),
    attempt: fc.constantFrom("current", "current", "next", "next", "stray"),
    passedMs: fc.nat(1_000),
  }),
  { maxLength: 50, size: "max" },
);

/** All that the steps are refused with, some time or other. */
export const REFUSALS: readonly string[] = [
  "alert_not_found",
  "alert_rule_not_found",
  "chain_not_found",
  "checkpoint_not_found",
  "command_exists",
  "command_not_found",
  "invalid_params",
  "invalid_transition",
  "invocation_exists",
  "invocation_not_found",
  "lease_held",
  "lease_lost",
  "limit_reached",
  "session_exists",
  "session_not_active",
  "session_not_found",
  "template_not_found",
];
