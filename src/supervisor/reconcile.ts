import { findByToken, isSame } from "../process/identity.js";
import { readStat } from "../process/proc.js";
import { stopGroup } from "../process/stop.js";
import type { Command } from "../session/commands.js";
import type { Execution } from "../session/state.js";
import { isOver } from "../session/state.js";

/** The variable that carries a command's token into the environment of its processes. */
export const TOKEN_VARIABLE = "SESSIOND_TOKEN";

interface ReconcileParts {
  readonly executions: Iterable<Execution>;
  readonly record: (command: Command) => Promise<unknown>;
  /** From SIGTERM to SIGKILL at most, whatever a command was promised: a start does not wait for long. */
  readonly maxGraceMs: number;
}

/**
 * Holds the state against the live processes after a start. A command that an earlier daemon left running is
 * stopped where its processes are proved to be its own, by their token or by boot id and start time; a pid
 * alone proves nothing and is never signalled. It ends as `lost`, and is not run a second time.
 *
 * Answers how many there were.
 */
export async function reconcile(parts: ReconcileParts): Promise<number> {
  const left = [...parts.executions].filter((execution) => !isOver(execution.status));
  const groups = await groupsByToken(left);
  await Promise.all(
    left.map(async (execution) => {
      const own = new Set(groups.get(execution.token));
      const { process } = execution;
      if (process?.startTicks !== undefined && process.bootId !== undefined) {
        const identity = { pid: process.pid, startTicks: process.startTicks, bootId: process.bootId };
        if (isSame(identity)) own.add(process.pid);
      }
      const graceMs = Math.min(execution.limits.graceMs, parts.maxGraceMs);
      await Promise.all([...own].map((group) => stopGroup(group, { graceMs })));
      await parts.record(lost(execution));
    }),
  );
  return left.length;
}

/** The process groups in which somebody carries one of the tokens. */
async function groupsByToken(executions: readonly Execution[]): Promise<Map<string, Set<number>>> {
  const tokens = new Set(executions.map((execution) => execution.token));
  const groups = new Map<string, Set<number>>();
  // A command may have started this very daemon: then we carry its token, and go on without our own group.
  const ours = (await readStat(process.pid))?.groupId;
  for (const [token, pids] of await findByToken(TOKEN_VARIABLE, tokens)) {
    const own = new Set<number>();
    for (const pid of pids) {
      const stat = await readStat(pid);
      if (stat !== undefined && stat.groupId !== ours) own.add(stat.groupId);
    }
    groups.set(token, own);
  }
  return groups;
}

function lost(execution: Execution): Command {
  const isRunning = execution.status === "running";
  return {
    type: "command/report-end",
    commandId: execution.commandId,
    attempt: isRunning ? execution.attempt : execution.attempt + 1,
    outcome: { cause: "daemon_lost", error: "The daemon that ran this command ended without stopping it." },
    retryable: false,
    chance: 0,
    stdoutBytes: 0,
    stderrBytes: 0,
  };
}
