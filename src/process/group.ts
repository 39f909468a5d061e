import { execFileSync } from "node:child_process";
import { inLanes } from "../lanes.js";
import { hasEnded, listPids, readStat, readStatNow } from "./proc.js";

/** How many stat files are read at a time. */
const SCAN_LANES = 8;

/**
 * Our own group, which Node cannot name and which never changes. Asked for before anything is to be stopped: by then
 * there may be no descriptor left to ask with.
 */
const OWN_GROUP = readStatNow(process.pid)?.groupId ?? askForOwnGroup();

let scanUnderWay: Promise<ReadonlySet<number> | undefined> | undefined;

/**
 * Sends `signal` to every process of the group `pgid`; signal 0 only asks whether it exists. False when there is no
 * such group. A group that we may not signal (EPERM) exists, so that is true.
 *
 * Throws a RangeError for a pgid of 1 or less and for our own group, without signalling anything: -1 would reach
 * every process of the user, and our own group the daemon itself.
 */
export function signalGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  if (!Number.isSafeInteger(pgid) || pgid <= 1 || pgid === OWN_GROUP) {
    throw new RangeError(`refusing to signal process group ${pgid}: it is not the group of a command`);
  }
  try {
    process.kill(-pgid, signal);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH") return false;
    if (code === "EPERM") return true;
    throw error;
  }
}

/**
 * True when a look at `/proc` finds no member of the group that still runs. `kill(-pgid, 0)` alone cannot tell: it
 * also succeeds for a zombie whose parent never collects it. False where there is no `/proc`, and where it cannot be
 * read just now (EMFILE): a look that found nothing out must not keep anybody from stopping the group.
 *
 * It looks twice. A walk over `/proc` is no snapshot, and a group that forks fast enough can slip through one.
 */
export async function hasNoLivingMember(pgid: number): Promise<boolean> {
  for (let look = 0; look < 2; look += 1) {
    const living = await scanLivingGroups().catch(() => undefined);
    if (living === undefined || living.has(pgid)) return false;
  }
  return true;
}

/** The ids of all groups with a running process. Everybody who asks while one walk is under way shares it. */
function scanLivingGroups(): Promise<ReadonlySet<number> | undefined> {
  scanUnderWay ??= walkLivingGroups().finally(() => {
    scanUnderWay = undefined;
  });
  return scanUnderWay;
}

async function walkLivingGroups(): Promise<ReadonlySet<number> | undefined> {
  const pids = await listPids();
  if (pids === undefined) return undefined;
  const living = new Set<number>();
  await inLanes(pids, SCAN_LANES, async (pid) => {
    const stat = await readStat(pid);
    if (stat !== undefined && !hasEnded(stat)) living.add(stat.groupId);
  });
  return living;
}

/** Where there is no `/proc`, `ps` knows. */
function askForOwnGroup(): number {
  return Number(execFileSync("ps", ["-o", "pgid=", "-p", String(process.pid)], { encoding: "utf8" }));
}
