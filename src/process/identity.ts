import { readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { inLanes } from "../lanes.js";
import { hasEnded, listPids, readStatNow, undefinedIfOutOfReach } from "./proc.js";

/**
 * Which process a pid meant when it was written down. A pid alone is used again sooner or later; pid, start time
 * and boot together are nearly certain. "Nearly", because start times tick at 10 ms: whoever adopts a process
 * after a restart looks for its token as well, see {@link findByToken}.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of `/proc/<pid>/stat`. */
  readonly startTicks: number;
  /** The kernel's random id of this boot. */
  readonly bootId: string;
}

/** How many environments are read at a time. */
const SCAN_LANES = 8;

let knownBootId: string | undefined;

/**
 * The identity of a process, zombies included; undefined when there is no such process, and on systems without
 * `/proc`, where it cannot be known. It is synchronous (some 20 µs), so that right after a spawn the answer is
 * about that child for sure: Node cannot have collected it yet.
 */
export function readIdentity(pid: number): ProcessIdentity | undefined {
  const startTicks = readStatNow(pid)?.startTicks;
  const bootId = readBootId();
  return startTicks === undefined || bootId === undefined ? undefined : { pid, startTicks, bootId };
}

/** True while the very process that was written down still runs; a zombie has ended. */
export function isSame(identity: ProcessIdentity): boolean {
  if (identity.bootId !== readBootId()) return false;
  const stat = readStatNow(identity.pid);
  return stat !== undefined && stat.startTicks === identity.startTicks && !hasEnded(stat);
}

/**
 * The running processes of this user that carry one of `tokens` in the environment variable `variable`, by token,
 * pids ascending. Tokens that nobody carries are absent; the map is empty where there is no `/proc`.
 *
 * Children inherit the variable, so a token finds a command *and* its descendants, other groups and sessions
 * included; it misses those that cleared their environment. Environments are read a few at a time, each look at one
 * takes far less than a millisecond.
 */
export async function findByToken(
  variable: string,
  tokens: ReadonlySet<string>,
): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  const pids = tokens.size === 0 ? undefined : await listPids();
  await inLanes(pids ?? [], SCAN_LANES, async (pid) => {
    const environment = await readEnvironment(pid);
    const value = environment && valueIn(environment, variable);
    if (value !== undefined && tokens.has(value)) found.set(value, [...(found.get(value) ?? []), pid]);
  });
  for (const pids of found.values()) pids.sort((a, b) => a - b);
  return found;
}

async function readEnvironment(pid: number): Promise<Buffer | undefined> {
  const owner = await stat(`/proc/${pid}`).catch(undefinedIfOutOfReach);
  // Root may read everybody's environment, and must not take another user's process for one of its own.
  if (owner?.uid !== process.getuid?.()) return undefined;
  return readFile(`/proc/${pid}/environ`).catch(undefinedIfOutOfReach);
}

function valueIn(environment: Buffer, variable: string): string | undefined {
  const name = Buffer.from(`${variable}=`);
  let start = 0;
  if (!environment.subarray(0, name.length).equals(name)) {
    // Entries are separated by NUL, so a name only counts right behind one: X_TOKEN= is not TOKEN=.
    const separated = environment.indexOf(Buffer.concat([Buffer.of(0), name]));
    if (separated === -1) return undefined;
    start = separated + 1;
  }
  const end = environment.indexOf(0, start);
  return environment.toString("utf8", start + name.length, end === -1 ? environment.length : end);
}

/** The kernel's random id of this boot; undefined where it has none. */
export function readBootId(): string | undefined {
  try {
    knownBootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch (error) {
    undefinedIfOutOfReach(error);
  }
  return knownBootId;
}
