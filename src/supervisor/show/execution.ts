import type { CommandShape } from "../../protocol/types.js";
import type { Execution } from "../../session/state.js";
import { isOver } from "../../session/state.js";
import { showTime, withoutUndefined } from "./session.js";

/** A command as the protocol shows it. */
export function showExecution(execution: Execution): CommandShape {
  const { token: _, cancelled: __, createdSeq: ___, holding: ____, refusedForks: _____, ...rest } = execution;
  const { limits: ______, process, retry, stalled, ...shown } = rest;
  const { startedAt, endedAt, nextAttemptAt } = execution;
  return {
    ...withoutUndefined(shown),
    ...showLimits(execution),
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

/** How much of the machine it may take, and who holds it to that; nothing where nobody limits it. */
function showLimits({ limits, holding, refusedForks }: Execution): Pick<CommandShape, "limits"> {
  const { memoryBytes, processes, cpuPercent, cpuWindowMs } = limits;
  const { enforcedBy, notHeld } = holding ?? {};
  const own = { memoryBytes, processes, cpuPercent, cpuWindowMs, enforcedBy, refusedForks };
  const shown = withoutUndefined({ ...own, notHeld: notHeld === undefined ? undefined : [...notHeld] });
  return Object.keys(shown).length === 0 ? {} : { limits: shown };
}
