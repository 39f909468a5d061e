import type { OutputGauge } from "../process/output.js";
import type { StartRequest, Supervised } from "../process/supervised.js";
import type { Command } from "../session/commands.js";
import type { Hold } from "./resources.js";

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
