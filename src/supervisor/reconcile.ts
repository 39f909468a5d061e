import { TOKEN_VARIABLE } from "../process/environment.js";
import { findByToken, isSame } from "../process/identity.js";
import { hasOneOpen } from "../process/openFiles.js";
import { readStat } from "../process/proc.js";
import type { OutputFiles } from "../process/output.js";
import { stopGroup } from "../process/stop.js";
import type { Command } from "../session/commands.js";
import type { Execution } from "../session/state.js";
import { isOver } from "../session/state.js";
import { LOST_WITH_DAEMON } from "./endings.js";

interface OutputBytes {
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
}

interface ReconcileParts {
  readonly executions: Iterable<Execution>;
  readonly record: (command: Command) => Promise<unknown>;
  /** How much a command has written. */
  readonly outputBytes: (execution: Execution) => OutputBytes;
  /** Where a command writes. */
  readonly outputFiles: (execution: Execution) => OutputFiles;
  /** From SIGTERM to SIGKILL at most, whatever a command was promised: a start does not wait for long. */
  readonly maxGraceMs: number;
}

/**
 * Holds the state against the live processes after a start. A command that an earlier daemon left running, and that is
 * not in the hands of a keeper, is stopped where its processes are proved to be its own, by their token, or by boot id, start time and the output that they have open; a pid
 * alone proves nothing and is never signalled. It ends as `lost`, and is not run a second time. What a command that
 * had ended left behind in its group is stopped as well: the earlier daemon may have been about to.
 *
 * Answers how many commands were lost.
 */
export async function reconcile(parts: ReconcileParts): Promise<number> {
  const executions = [...parts.executions];
  // A command may have started this very daemon, or become it: then our own group is among those of the command.
  const ours = (await readStat(process.pid))?.groupId;
  const groups = await groupsByToken(executions, ours);
  const stop = async (execution: Execution, own: Iterable<number>): Promise<void> => {
    const graceMs = Math.min(execution.limits.graceMs, parts.maxGraceMs);
    await Promise.all([...own].map((group) => stopGroup(group, { graceMs })));
  };
  const left = executions.filter((execution) => !isOver(execution.status));
  const stops = left.map(async (execution) => {
    await stop(execution, await ownGroups(execution, groups, { ours, ...parts.outputFiles(execution) }));
    await parts.record(lost(execution, written(parts, execution)));
  });
  const over = executions.filter((execution) => isOver(execution.status));
  const remnants = over.map((execution) => stop(execution, remnantGroup(execution, groups)));
  await Promise.all([...stops, ...remnants]);
  return left.length;
}

/** Stops what runs of a command that lost its keeper, where it is proved to be its own; resolves when it is gone. */
export async function stopOwn(execution: Execution, files: OutputFiles): Promise<void> {
  const ours = (await readStat(process.pid))?.groupId;
  const groups = await ownGroups(execution, await groupsByToken([execution], ours), { ours, ...files });
  const { graceMs } = execution.limits;
  await Promise.all([...groups].map((group) => stopGroup(group, { graceMs })));
}

type GroupsByToken = ReadonlyMap<string, ReadonlySet<number>>;

/**
 * The groups of a command that was running: by its token, others that it began included, or by its process, which may
 * have cleared its environment. Never `ours`: that process is this daemon.
 *
 * Pid, start time and boot are no proof: start times tick at 10 ms, and a pid was used again within one. It has to have the
 * output of the command open as well.
 */
async function ownGroups(
  { token, process }: Execution,
  groups: GroupsByToken,
  { ours, stdoutPath, stderrPath }: OutputFiles & { readonly ours: number | undefined },
): Promise<Set<number>> {
  const own = new Set(groups.get(token));
  if (process?.startTicks !== undefined && process.bootId !== undefined && process.pid !== ours) {
    const identity = { pid: process.pid, startTicks: process.startTicks, bootId: process.bootId };
    if (isSame(identity) && (await hasOneOpen(process.pid, [stdoutPath, stderrPath]))) own.add(process.pid);
  }
  return own;
}

/** The group of a command that is over; what left it in time has a life of its own, as before the crash. */
function remnantGroup({ token, process }: Execution, groups: GroupsByToken): number[] {
  return process !== undefined && groups.get(token)?.has(process.pid) === true ? [process.pid] : [];
}

/** The process groups in which somebody carries one of the tokens, without `ours`. */
async function groupsByToken(
  executions: readonly Execution[],
  ours: number | undefined,
): Promise<GroupsByToken> {
  const tokens = new Set(executions.map((execution) => execution.token));
  const groups = new Map<string, Set<number>>();
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

/** What cannot be read counts as nothing: a start must not fail by it. */
function written({ outputBytes }: ReconcileParts, execution: Execution): OutputBytes {
  try {
    return outputBytes(execution);
  } catch {
    return { stdoutBytes: 0, stderrBytes: 0 };
  }
}

function lost(execution: Execution, bytes: OutputBytes): Command {
  const isRunning = execution.status === "running";
  return {
    type: "command/report-end",
    commandId: execution.commandId,
    attempt: isRunning ? execution.attempt : execution.attempt + 1,
    outcome: { cause: "daemon_lost", error: LOST_WITH_DAEMON },
    retryable: false,
    chance: 0,
    ...bytes,
  };
}
