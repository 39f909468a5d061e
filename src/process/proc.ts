import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";

/** What this room needs from one line of `/proc/<pid>/stat`, see proc(5). */
export interface ProcStat {
  /** `R`, `S`, `D`, `T`, `Z` (zombie), `X` (dead), … */
  readonly state: string;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  readonly threads: number;
  /** When the process started, in clock ticks (usually 10 ms) since boot. */
  readonly startTicks: number;
  /** Its use of the processor, in user and system mode, in clock ticks; then that of its children that were collected. */
  readonly ownTicks: number;
  readonly childTicks: number;
  /** As wait(2) tells it; 0 also where it has not ended, or may not be known. */
  readonly exitStatus: number;
}

/** The name that keepers give themselves. */
export const KEEPER_NAME = "sessiond-keeper";

// Fields are counted as in proc(5), where the state is field 3 and the first one after the name.
const FIRST_FIELD = 3;
const PARENT_FIELD = 4;
const GROUP_FIELD = 5;
const SESSION_FIELD = 6;
/** Clock ticks of itself, in user and system mode, and of its children that were collected. */
const CPU_FIELDS = [14, 15, 16, 17];
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
  const parentPid = numberAt(PARENT_FIELD);
  const groupId = numberAt(GROUP_FIELD);
  const sessionId = numberAt(SESSION_FIELD);
  const threads = numberAt(THREADS_FIELD);
  const startTicks = numberAt(START_FIELD);
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = CPU_FIELDS.map(numberAt);
  const ownTicks = user + system;
  const childTicks = childUser + childSystem;
  const numbers = { parentPid, groupId, sessionId, threads, startTicks, ownTicks, childTicks };
  if (state === undefined || !Object.values(numbers).every(Number.isSafeInteger)) return undefined;
  // The last field, which older kernels do not have.
  const exitStatus = Math.trunc(numberAt(EXIT_FIELD)) || 0;
  return { state, ...numbers, exitStatus };
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

/** The parent of a process; undefined where there is none of that id. */
export async function parentOf(pid: number): Promise<number | undefined> {
  return (await readStat(pid))?.parentPid;
}

/** The name that a process has given itself, 15 characters of it; undefined where there is none of that id. */
export async function readComm(pid: number): Promise<string | undefined> {
  return (await readFile(`/proc/${pid}/comm`, "utf8").catch(undefinedIfOutOfReach))?.trimEnd();
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
