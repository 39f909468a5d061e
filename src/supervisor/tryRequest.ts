import type { StartRequest, Supervised } from "../process/supervised.js";
import type { Execution } from "../session/state.js";
import type { RunInputs } from "./runSurroundings.js";

/** Where a try writes, and the kernel's group that it is to run in, if any. */
type Places = Pick<StartRequest, "stdoutPath" | "stderrPath"> & { readonly cgroup: string | undefined };

/** What a try is started by. */
export function requestOf(
  { argv, cwd, limits, openStdin, createdAt }: Execution,
  { env, stdin }: RunInputs,
  attempt: number,
  { cgroup, ...paths }: Places,
): StartRequest {
  return {
    argv,
    cwd,
    env: { ...env, SESSIOND_ATTEMPT: String(attempt) },
    ...(stdin === undefined ? {} : { stdin }),
    ...(openStdin === true ? { openStdin } : {}),
    ...paths,
    closeMs: limits.startToCloseMs,
    closeAtMs: limits.scheduleToCloseMs > 0 ? createdAt + limits.scheduleToCloseMs : 0,
    graceMs: limits.graceMs,
    ...(cgroup === undefined ? {} : { cgroup }),
  };
}

/**
 * How long a try may still run, in milliseconds; undefined where nobody here has to look at that: it may as long as it
 * likes, or it was adopted and its keeper knows since when it runs. sh does not look at the time.
 *
 * @param adoptedAtMs wall time, where an earlier daemon started it
 */
export function leftOfTry(
  { startToCloseMs }: Execution["limits"],
  { supervision, startedAtMs }: Supervised,
  adoptedAtMs: number | undefined,
): number | undefined {
  if (startToCloseMs === 0) return undefined;
  if (adoptedAtMs === undefined) return startToCloseMs;
  if (supervision === "keeper") return undefined;
  return startToCloseMs - Math.max(0, adoptedAtMs - (startedAtMs ?? adoptedAtMs));
}
