import type { ProcessStat, ProcessTable } from "./processTable.js";

/** A process with all that descends from it, which a session has. */
export interface Root {
  readonly sessionId: string;
  /** Where it is a command of the session, and not bound to it from outside. */
  readonly commandId?: string | undefined;
  readonly pid: number;
  /** Where it is known: another process of this pid is none of the session's. */
  readonly startTicks?: number | undefined;
}

/** The processes of a root. */
export interface Tree {
  readonly root: Root;
  readonly members: readonly ProcessStat[];
  /** Processor time of all members, and of those that have ended below them. */
  readonly ticks: number;
  readonly key: string;
  readonly startTicks: number;
}

/** A keeper's name, as far as the kernel keeps it. */
const KEEPER_NAME = "sessiond-keeper";

/** Of each root what descends from it; a process that belongs to two of a session counts for the first. */
export function treesOf(table: ProcessTable, roots: readonly Root[]): Tree[] {
  const taken = new Map<string, Set<number>>();
  return roots.flatMap((root) => {
    const stat = table.get(root.pid);
    if (stat === undefined) return [];
    if (root.startTicks !== undefined && stat.startTicks !== 0 && stat.startTicks !== root.startTicks)
      return [];
    const own = taken.get(root.sessionId) ?? new Set<number>();
    taken.set(root.sessionId, own);
    const keeper = keeperOf(table, root, stat);
    const all = table.tree(keeper?.pid ?? root.pid).filter(({ pid }) => !own.has(pid));
    const members = all.filter(({ pid }) => pid !== keeper?.pid);
    for (const { pid } of members) own.add(pid);
    // The keeper collects what lost its parent, so its own account of ended children belongs to the tree.
    const ticks = members.reduce(
      (sum, { ownTicks, reapedTicks }) => sum + ownTicks + reapedTicks,
      keeper?.reapedTicks ?? 0,
    );
    return [{ root, members, ticks, key: `${root.pid}~${stat.startTicks}`, startTicks: stat.startTicks }];
  });
}

/** The keeper of a command: the subreaper of all that descends from it, whatever group or parent it has given itself. */
function keeperOf(
  table: ProcessTable,
  { commandId }: Root,
  { parentPid }: ProcessStat,
): ProcessStat | undefined {
  const parent = commandId === undefined ? undefined : table.get(parentPid);
  return parent?.name === KEEPER_NAME ? parent : undefined;
}
