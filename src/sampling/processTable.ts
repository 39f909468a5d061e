import { closeSync, openSync, readSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";

/** What is asked of one process, from its line in `/proc/<pid>/stat`; see proc(5). */
export interface ProcessStat {
  readonly pid: number;
  readonly parentPid: number;
  /** The program's name, 15 characters of it at most. */
  readonly name: string;
  /** When it started, in ticks since boot: with the pid it names one process. */
  readonly startTicks: number;
  /** Processor time of its own, in ticks. */
  readonly ownTicks: number;
  /** Processor time of its children that have ended and were collected, and of theirs. */
  readonly reapedTicks: number;
  readonly residentPages: number;
}

/** So many are read in one turn of the loop: about a millisecond. */
const SLICE = 64;
const LINE_BYTES = 4_096;

/** All processes at about one moment. */
export class ProcessTable {
  readonly #stats: ReadonlyMap<number, ProcessStat>;
  readonly #children = new Map<number, number[]>();

  constructor(stats: Iterable<ProcessStat>) {
    const all = [...stats];
    this.#stats = new Map(all.map((stat) => [stat.pid, stat]));
    for (const { pid, parentPid } of all) {
      const siblings = this.#children.get(parentPid);
      if (siblings === undefined) this.#children.set(parentPid, [pid]);
      else siblings.push(pid);
    }
  }

  get(pid: number): ProcessStat | undefined {
    return this.#stats.get(pid);
  }

  /** A process and all that descend from it, itself first. Empty where it is not there. */
  tree(pid: number): ProcessStat[] {
    const found = new Map<number, ProcessStat>();
    const open = [pid];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const stat = this.#stats.get(next);
      // The table is of many moments: a pid that was used again meanwhile could close a circle.
      if (stat === undefined || found.has(next)) continue;
      found.set(next, stat);
      open.push(...(this.#children.get(next) ?? []));
    }
    return [...found.values()];
  }
}

/**
 * Looks at all processes, once for all sessions; undefined where there is no `/proc`. The reads are synchronous, because
 * one of them takes 10 µs, and by libuv's threads ten times as much, in front of the journal's syncs; they are cut into
 * slices, between which the loop turns.
 */
export async function readProcessTable(): Promise<ProcessTable | undefined> {
  const names = await readdir("/proc").catch(() => undefined);
  if (names === undefined) return undefined;
  const pids = names.map(Number).filter((pid) => Number.isSafeInteger(pid) && pid > 0);
  const stats: ProcessStat[] = [];
  const buffer = Buffer.allocUnsafe(LINE_BYTES);
  for (const [index, pid] of pids.entries()) {
    if (index % SLICE === SLICE - 1) await turn();
    const stat = readStat(pid, buffer);
    if (stat !== undefined) stats.push(stat);
  }
  return pids.length === 0 ? undefined : new ProcessTable(stats);
}

function readStat(pid: number, buffer: Buffer): ProcessStat | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(`/proc/${pid}/stat`, "r");
    const length = readSync(fd, buffer, 0, LINE_BYTES, 0);
    return parseStat(pid, buffer.toString("latin1", 0, length));
  } catch {
    // It has ended since, or belongs to somebody who hides it; and without a free descriptor there is no sample.
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Reads one stat line; undefined when it is not one. The name may hold spaces and parentheses, so what follows begins after the last one. */
export function parseStat(pid: number, line: string): ProcessStat | undefined {
  const nameEnd = line.lastIndexOf(")");
  const fields = line.slice(nameEnd + 2).split(" ");
  // Counted as in proc(5), where the first field behind the name is number 3.
  const at = (field: number): number => Number(fields[field - 3] ?? Number.NaN);
  const stat = {
    pid,
    parentPid: at(4),
    name: line.slice(line.indexOf("(") + 1, nameEnd),
    startTicks: at(22),
    ownTicks: at(14) + at(15),
    reapedTicks: at(16) + at(17),
    residentPages: at(24),
  };
  const { parentPid, startTicks, ownTicks, reapedTicks, residentPages } = stat;
  const isWhole = [parentPid, startTicks, ownTicks, reapedTicks, residentPages].every(Number.isSafeInteger);
  return nameEnd > 0 && isWhole ? stat : undefined;
}
