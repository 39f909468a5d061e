import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";

/** What this room needs from one line of `/proc/<pid>/stat`, see proc(5). */
export interface ProcStat {
  /** `R`, `S`, `D`, `T`, `Z` (zombie), `X` (dead), … */
  readonly state: string;
  readonly parentId: number;
  readonly groupId: number;
  readonly sessionId: number;
  /** CPU time of all its threads, and of the children that it waited for, in clock ticks (usually 10 ms). */
  readonly cpuTicks: number;
  readonly threads: number;
  /** When the process started, in clock ticks (usually 10 ms) since boot. */
  readonly startTicks: number;
  /** As wait(2) tells it; 0 also where it has not ended, or may not be known. */
  readonly exitStatus: number;
}

// Fields are counted as in proc(5), where the state is field 3 and the first one after the name.
const FIRST_FIELD = 3;
const PARENT_FIELD = 4;
const GROUP_FIELD = 5;
const SESSION_FIELD = 6;
const CPU_FIELDS = [14, 15, 16, 17] as const;
const THREADS_FIELD = 20;
const START_FIELD = 22;
const EXIT_FIELD = 52;

/**
 * Reads one stat line; undefined when it is not one.
 *
 * The name of the process stands in parentheses and may itself hold spaces, newlines and parentheses, so the
 * fields begin after the *last* `)`.
 */
export function parseStat(line: string): ProcStat | undefined {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const numberAt = (field: number): number => Number(fields[field - FIRST_FIELD] ?? Number.NaN);
  const [state] = fields;
  const parentId = numberAt(PARENT_FIELD);
  const groupId = numberAt(GROUP_FIELD);
  const sessionId = numberAt(SESSION_FIELD);
  let cpuTicks = 0;
  for (const field of CPU_FIELDS) cpuTicks += numberAt(field);
  const threads = numberAt(THREADS_FIELD);
  const startTicks = numberAt(START_FIELD);
  const numbers = [parentId, groupId, sessionId, cpuTicks, threads, startTicks];
  if (state === undefined || !numbers.every(Number.isSafeInteger)) return undefined;
  // The last field, which older kernels do not have.
  const exitStatus = Math.trunc(numberAt(EXIT_FIELD)) || 0;
  return { state, parentId, groupId, sessionId, cpuTicks, threads, startTicks, exitStatus };
}

/** True for a process that has ended and waits for its parent to collect it. */
export function hasEnded(stat: Pick<ProcStat, "state" | "threads">): boolean {
  // A process whose first thread has ended shows Z as well, while its other threads go on.
  return (stat.state === "Z" || stat.state === "X") && stat.threads <= 1;
}

/** The stat of one process, at once; undefined when there is no such process, or no `/proc`. */
export function readStatNow(pid: number): ProcStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch (error) {
    if (isOutOfReach(error)) return undefined;
    throw error;
  }
}

/** The same as {@link readStatNow} without blocking the loop. */
export async function readStat(pid: number): Promise<ProcStat | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, "latin1").catch(undefinedIfOutOfReach);
  return line === undefined ? undefined : parseStat(line);
}

/** The pids of all processes that can be seen; undefined where there is no `/proc`. */
export async function listPids(): Promise<number[] | undefined> {
  const names = await readdir("/proc").catch(undefinedIfOutOfReach);
  return names?.filter((name) => /^\d+$/.test(name)).map(Number);
}

/** For `.catch` after a read below `/proc`: undefined for what is gone or not ours, everything else is thrown. */
export function undefinedIfOutOfReach(error: unknown): undefined {
  if (!isOutOfReach(error)) throw error;
  return undefined;
}

/**
 * True for the errors that say "this process has gone, or is not ours to read". Others, EMFILE above all, must
 * not pass for "there is none": a scan that could not look has found nothing out.
 */
function isOutOfReach(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM";
}
