import { readdir, readFile } from "node:fs/promises";

import { inLanes } from "../../lanes.js";
import { readStat, undefinedIfOutOfReach } from "../proc.js";

/** What a tree of processes takes at a moment. */
export interface TreeUsage {
  readonly pids: readonly number[];
  /** Processes and threads. */
  readonly tasks: number;
  /** Memory that they have, what they share counted for each of them: never less than what they take together. */
  readonly residentBytes: number;
  /** Time of the processor that they have used since they began, those that have ended included. */
  readonly cpuMs: number;
}

/** How many processes are read at a time. */
const LANES = 8;
/** More than that are not looked at: whoever has so many is over any limit that makes sense. */
const MOST_PROCESSES = 20_000;
/** The kernel tells times in these whatever its own tick is. */
const MS_PER_TICK = 10;

/**
 * What a command takes, with everything that descends from it. `root` is its keeper, to which all that lose their parent
 * come back, and which does not count itself; or its first process, where it has no keeper. Undefined where that is gone.
 */
export async function readTree(root: number, isKeeper: boolean): Promise<TreeUsage | undefined> {
  const top = await readStat(root);
  if (top === undefined) return undefined;
  const found = { pids: [] as number[], tasks: 0, residentBytes: 0, ticks: top.childTicks };
  if (!isKeeper) {
    found.ticks += top.ownTicks;
    found.pids.push(root);
    found.tasks += top.threads;
    found.residentBytes = await residentBytes(root);
  }
  let level = await childrenOf(root);
  while (level.length > 0 && found.pids.length < MOST_PROCESSES) {
    const next: number[] = [];
    await inLanes(level, LANES, async (pid) => {
      const stat = await readStat(pid);
      if (stat === undefined) return;
      found.pids.push(pid);
      found.tasks += stat.threads;
      found.ticks += stat.ownTicks + stat.childTicks;
      // Into a name of its own first: others add to the sum while this one waits.
      const bytes = await residentBytes(pid);
      found.residentBytes += bytes;
      next.push(...(await childrenOf(pid)));
    });
    level = next;
  }
  const { ticks, ...usage } = found;
  return { ...usage, cpuMs: ticks * MS_PER_TICK };
}

/**
 * The memory of processes, each shared page counted once: by their proportional share of it (PSS), with what was swapped
 * out. A process whose share nobody may read counts with all that it has.
 */
export async function proportionalBytes(pids: readonly number[]): Promise<number> {
  let total = 0;
  await inLanes(pids, LANES, async (pid) => {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, "latin1").catch(undefinedIfOutOfReach);
    const bytes =
      text === undefined ? await residentBytes(pid) : kilobytes(text, "Pss") + kilobytes(text, "SwapPss");
    total += bytes;
  });
  return total;
}

async function residentBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, "latin1").catch(undefinedIfOutOfReach);
  // A process that has ended has no such lines any more.
  return text === undefined ? 0 : kilobytes(text, "VmRSS") + kilobytes(text, "VmSwap");
}

function kilobytes(text: string, name: string): number {
  const [, number = "0"] = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text) ?? [];
  return Number(number) * 1_024;
}

/** The children of all threads of a process. */
export async function childrenOf(pid: number): Promise<number[]> {
  const threads = (await readdir(`/proc/${pid}/task`).catch(undefinedIfOutOfReach)) ?? [];
  const lists = await Promise.all(
    threads.map((thread) =>
      readFile(`/proc/${pid}/task/${thread}/children`, "latin1").catch(undefinedIfOutOfReach),
    ),
  );
  return lists.flatMap((list) => (list ?? "").split(" ").filter((text) => text !== "")).map(Number);
}
