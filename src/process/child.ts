import { type ExitOutcome, launch } from "./launch.js";
import { signalGroup, stopGroup } from "./stop.js";
import type { StartRequest, Supervised } from "./supervised.js";

/**
 * Starts a process as a child of the daemon. Only its group is stopped, and its time limit is not held here.
 *
 * @throws {LaunchError} when it could not be started
 */
export async function startChild(request: StartRequest): Promise<Supervised> {
  let exit: (outcome: ExitOutcome) => void = () => {};
  const ended = new Promise<ExitOutcome>((resolve) => (exit = resolve));
  const { pid, identity, ...started } = await launch({ ...request, onExit: exit });
  let graceMs = request.graceMs;
  let phase: "running" | "ending" | "gone" = "running";
  // The leader is gone; what is left of its group goes too.
  const gone = ended
    .then(() => {
      phase = "ending";
      return stopGroup(pid, { graceMs });
    })
    // Nothing has this number any more, or somebody else has.
    .then(() => void (phase = "gone"));
  return {
    supervision: "child",
    pid,
    identity,
    isHeld: false,
    ended,
    gone,
    ...started,
    signal: (signal) => {
      if (phase === "running") signalGroup(pid, signal);
    },
    stop: (wantedMs) => {
      graceMs = Math.min(graceMs, wantedMs);
      if (phase !== "gone") void stopGroup(pid, { graceMs: wantedMs });
    },
  };
}
