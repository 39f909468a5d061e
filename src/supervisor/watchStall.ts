import { stallOf } from "../session/stall.js";
import type { Execution } from "../session/state.js";
import type { RunSurroundings } from "./runSurroundings.js";
import { StallWatch } from "./stallWatch.js";

/** One try of a command, as far as its stalls are concerned. */
interface Try {
  readonly execution: Execution;
  readonly attempt: number;
  readonly pid: number;
  /** It was started by an earlier daemon. */
  readonly isAdopted: boolean;
  /** What the command has written so far. */
  readonly outputBytes: number;
  /** Somebody has asked it to end: what it does until then is nobody's business. */
  readonly isEnding: () => boolean;
  readonly stop: () => void;
  readonly around: Pick<RunSurroundings, "report" | "nowMs" | "cpuMs" | "lastBeatAt">;
}

/** Watches a try for stalls, and does what the policy of its command says; undefined where it has none. */
export function watchStall(one: Try): StallWatch | undefined {
  const { execution, attempt, isAdopted, around } = one;
  const policy = stallOf(execution.limits);
  if (policy === undefined) return undefined;
  const { commandId } = execution;
  // An earlier daemon may have told of this very try already; it may also have gone before it stopped it.
  const known = attempt === execution.attempt ? execution.stalled : undefined;
  if (known !== undefined && policy.action !== "tell") {
    one.stop();
    return undefined;
  }
  const watch = new StallWatch({
    policy,
    isStalled: known !== undefined,
    outputBytes: known?.outputBytes ?? one.outputBytes,
    usedMs: isAdopted ? undefined : 0,
    nowMs: around.nowMs,
    cpuMs: () => around.cpuMs(one.pid),
    lastBeatAt: around.lastBeatAt,
    onStall: (seen) => {
      if (one.isEnding()) return;
      around.report({ type: "command/report-stall", commandId, attempt, ...seen });
      if (policy.action === "tell") return;
      // What it writes when it is asked to end is no recovery.
      watch.close();
      one.stop();
    },
    onRecovery: (sign) => around.report({ type: "command/report-recovery", commandId, attempt, sign }),
  });
  return watch;
}
