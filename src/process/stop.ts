import { setTimeout as sleep } from "node:timers/promises";
import { hasNoLivingMember, signalGroup } from "./group.js";

export { signalGroup } from "./group.js";

export interface StopOptions {
  /** How long the group may take to end after SIGTERM before it gets SIGKILL. 0 kills at once. */
  readonly graceMs: number;
  /** How often to look whether the group is empty. */
  readonly pollMs?: number;
}

/**
 * How a group ended: `gone` there was none, `terminated` by SIGTERM within the grace, `killed` by SIGKILL, and
 * `stuck` when something still runs seconds after SIGKILL (a process inside a hanging system call; it ends when
 * that call returns).
 */
export type StopOutcome = "terminated" | "killed" | "gone" | "stuck";

/** A stop under way. A second call for the same group may bring its SIGKILL forward. */
interface Stop {
  readonly pgid: number;
  readonly pollMs: number;
  killAtMs: number;
}

const DEFAULT_POLL_MS = 20;
/** SIGKILL works at once, or not until a system call returns: no use in waiting longer than this. */
const KILL_PATIENCE_MS = 5_000;
/** A walk over `/proc` is dear beside a `kill(…, 0)`, so it comes late and ever more rarely. */
const FIRST_WALK_MS = 100;
const RAREST_WALK_MS = 1_000;

const underWay = new Map<number, { stop: Stop; outcome: Promise<StopOutcome> }>();

/**
 * Ends every process of the group: SIGTERM, SIGCONT so that a stopped process can act on it, `graceMs` later
 * SIGKILL; resolves when the group is empty. It does not matter whether the group's leader still lives.
 *
 * Calls for the same group join one stop; the earliest SIGKILL that anybody asked for counts.
 * Rejects as {@link signalGroup} throws. Processes that moved to another group are not reached.
 */
export function stopGroup(pgid: number, options: StopOptions): Promise<StopOutcome> {
  const killAtMs = performance.now() + options.graceMs;
  const joined = underWay.get(pgid);
  if (joined !== undefined) {
    joined.stop.killAtMs = Math.min(joined.stop.killAtMs, killAtMs);
    return joined.outcome;
  }
  const stop: Stop = { pgid, pollMs: options.pollMs ?? DEFAULT_POLL_MS, killAtMs };
  const outcome = carryOut(stop).finally(() => underWay.delete(pgid));
  underWay.set(pgid, { stop, outcome });
  return outcome;
}

async function carryOut(stop: Stop): Promise<StopOutcome> {
  if (!signalGroup(stop.pgid, "SIGTERM")) return "gone";
  signalGroup(stop.pgid, "SIGCONT");
  if (await isEmptied(stop, 0, () => stop.killAtMs)) return "terminated";

  const giveUpAtMs = performance.now() + KILL_PATIENCE_MS;
  // SIGKILL is sent again at every look: a process may have been moved into the group after the first.
  return (await isEmptied(stop, "SIGKILL", () => giveUpAtMs)) ? "killed" : "stuck";
}

/** Sends `signal` (0: none) every `pollMs` until the group is empty, or false once the time is over. */
async function isEmptied(stop: Stop, signal: "SIGKILL" | 0, untilMs: () => number): Promise<boolean> {
  let walkEveryMs = FIRST_WALK_MS;
  let walkAtMs = performance.now() + walkEveryMs;
  while (signalGroup(stop.pgid, signal)) {
    const nowMs = performance.now();
    const leftMs = untilMs() - nowMs;
    if (nowMs >= walkAtMs) {
      if (await hasNoLivingMember(stop.pgid)) return true;
      walkEveryMs = Math.min(walkEveryMs * 2, RAREST_WALK_MS);
      walkAtMs = performance.now() + walkEveryMs;
    }
    if (leftMs <= 0) return false;
    await sleep(Math.min(stop.pollMs, leftMs));
  }
  return true;
}
