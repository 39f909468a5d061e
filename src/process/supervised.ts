import type { ExitOutcome, LaunchRequest } from "./launch.js";
import type { ProcessIdentity } from "./identity.js";
import type { ProcessInput } from "./input.js";

/** How a process ended. Both of what {@link ExitOutcome} has are null where that cannot be known. */
export interface Ending extends ExitOutcome {
  /** Why whoever keeps it ended it: as `stop` was told, `start_to_close` or `schedule_to_close`; absent where it ended by itself. */
  readonly cause?: string | undefined;
  /** Wall time of the end, epoch milliseconds; absent where it was seen when it came. */
  readonly endedAtMs?: number | undefined;
  /** The one who kept it was killed: nobody knows how it ended, or whether it did. */
  readonly isLost?: true;
}

/** What a process is started with. Whoever is told of its end is told by {@link Supervised.ended}. */
export interface StartRequest extends Omit<LaunchRequest, "onExit"> {
  /** How long it may run, where whoever keeps it can hold it to that; 0: as long as it likes. */
  readonly closeMs: number;
  /** When all tries are over, where whoever keeps it can hold it to that; epoch milliseconds, 0: never. */
  readonly closeAtMs: number;
  /** From SIGTERM to SIGKILL, where nobody says otherwise. */
  readonly graceMs: number;
  /** The folder of the kernel's group that it is to run in, which is there, where a keeper can put it in. */
  readonly cgroup?: string | undefined;
}

/** A process that was started, and whoever stands between it and the daemon. */
export interface Supervised {
  /** What stands between it and the daemon; see the protocol's command. */
  readonly supervision: "keeper" | "sh" | "child";
  /** Also the id of the process's own group and session. */
  readonly pid: number;
  /** Undefined where it cannot be known. */
  readonly identity: ProcessIdentity | undefined;
  /** When it was started, wall time, epoch milliseconds; absent where that is now. */
  readonly startedAtMs?: number | undefined;
  /** Whether it runs in the group that was asked for. */
  readonly isHeld: boolean;
  /** Sends a signal to the process's group; nothing where it has ended. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /**
   * Ends it: SIGTERM, `graceMs`, SIGKILL. Safe to call again: the earliest SIGKILL that anybody wanted counts, and the
   * first cause. After the end of the process it is for what that left in its group, which is being ended already.
   *
   * @param cause lower-case words with `_` between
   */
  readonly stop: (graceMs: number, cause: string) => void;
  /** Resolves when the process has ended. Never rejects. */
  readonly ended: Promise<Ending>;
  /** Resolves when what it left in its group has gone as well, or was given up. Never rejects. */
  readonly gone: Promise<void>;
  /** Where it was started with `openStdin`; undefined where it was not, or where that is not known here. */
  readonly input?: ProcessInput | undefined;
}
