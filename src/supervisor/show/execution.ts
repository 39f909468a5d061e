import type { CommandShape } from "../../protocol/types.js";
import type { Execution } from "../../session/state.js";
import { isOver } from "../../session/state.js";
import { showTime, withoutUndefined } from "./session.js";

/** A command as the protocol shows it. */
export function showExecution(execution: Execution): CommandShape {
  const {
    token: _,
    limits: __,
    cancelled: ___,
    createdSeq: ____,
    process,
    retry,
    stalled,
    ...shown
  } = execution;
  const { startedAt, endedAt, nextAttemptAt } = execution;
  return {
    ...withoutUndefined(shown),
    argv: [...execution.argv],
    maxAttempts: retry.maxAttempts,
    createdAt: showTime(execution.createdAt),
    ...(process === undefined || isOver(execution.status) ? {} : { pid: process.pid }),
    ...(startedAt === undefined ? {} : { startedAt: showTime(startedAt) }),
    ...(stalled === undefined ? {} : { stalledSince: showTime(stalled.since) }),
    ...(nextAttemptAt === undefined ? {} : { nextAttemptAt: showTime(nextAttemptAt) }),
    ...(endedAt === undefined ? {} : { endedAt: showTime(endedAt) }),
    ...(endedAt === undefined || startedAt === undefined
      ? {}
      : { durationMs: Math.max(0, endedAt - startedAt) }),
  } as CommandShape;
}
