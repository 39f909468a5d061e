import { outputPaths } from "../content/places.js";
import type { OutputGauge } from "../process/output.js";
import type { StartRequest, Supervised } from "../process/supervised.js";
import type { Clock } from "../schedule/clock.js";
import type { Command } from "../session/commands.js";
import type { Execution, Session } from "../session/state.js";
import type { Beats } from "./beats.js";
import type { Found, Launcher } from "./launcher.js";
import { stopOwn } from "./reconcile.js";
import type { Registry } from "./registry.js";
import type { Hold, Resources } from "./resources.js";

/** What only the memory of the daemon holds of a command: the journal keeps no environment. */
export interface RunInputs {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string | undefined;
}

/** What a run needs from around it. */
export interface RunSurroundings {
  readonly gauge: OutputGauge;
  /** Wall time, in which the next try and the end of all tries are given. */
  readonly nowMs: () => number;
  readonly chance: () => number;
  /** What holds a try to what it may take of the machine; undefined where nothing of it is limited. */
  readonly hold: (attempt: number) => Promise<Hold | undefined>;
  /** Starts a try. */
  readonly start: (attempt: number, request: StartRequest) => Promise<Supervised>;
  /** Ends what runs on although the one who kept it was killed; resolves when it is gone. */
  readonly stopLost: () => Promise<void>;
  /** Where the command writes; made when it starts. */
  readonly prepare: () => Promise<{ readonly stdoutPath: string; readonly stderrPath: string }>;
  readonly sizes: () => Promise<{ readonly stdoutBytes: number; readonly stderrBytes: number }>;
  /** Hands a report to the state machine, again and again until it is recorded. Keeps the order. */
  readonly report: (command: Command) => void;
  readonly onGrowth: () => void;
  /** CPU time that a process and its tree have used; undefined where that cannot be known. */
  readonly cpuMs: (pid: number) => Promise<number | undefined>;
  /** Wall time of the last heartbeat of the command's session, if there was one. */
  readonly lastBeatAt: () => number | undefined;
}

interface SurroundingsParts {
  readonly clock: Clock;
  readonly launcher: Launcher;
  readonly resources: Pick<Resources, "prepare" | "resume">;
  readonly registry: Registry;
  readonly contentDir: string;
  readonly beats?: Pick<Beats, "lastAt">;
}

/** What a run needs of others than the runner. */
export function surroundingsOf(
  { clock, launcher, resources, registry, contentDir, beats }: SurroundingsParts,
  { execution, session, found }: { execution: Execution; session: Session; found: Found | undefined },
): Pick<RunSurroundings, "nowMs" | "chance" | "hold" | "start" | "stopLost" | "lastBeatAt"> {
  const { commandId, token, sessionId, limits, holding } = execution;
  return {
    nowMs: () => clock.nowMs(),
    chance: Math.random,
    hold: async (attempt) => {
      const one = { token, attempt, sessionId, limits };
      const isFound = attempt === found?.attempt && found.state !== "pause";
      return isFound ? resources.resume(one, found.inputs.cgroup, holding) : resources.prepare(one);
    },
    start: (attempt, request) => launcher.start({ token, attempt }, request),
    stopLost: () =>
      stopOwn(registry.execution(commandId) ?? execution, outputPaths(contentDir, session, commandId)),
    lastBeatAt: () => beats?.lastAt(sessionId),
  };
}
