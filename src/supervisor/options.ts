import type { JournalOptions } from "../journal/index.js";
import type { SessionLogs } from "../log/sessionLogs.js";
import type { KeeperPrograms } from "../process/keeper/program.js";
import type { SessionConfigShape } from "../protocol/types.js";
import type { Clock, SystemClock } from "../schedule/clock.js";
import type { Bounds } from "../session/commands.js";
import type { Session } from "../session/state.js";
import type { MetricsSettings } from "./metrics/metrics.js";
import type { RetentionSettings } from "./retention/policy.js";

/** What the supervisor tells the log. */
export interface SupervisorLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface SupervisorOptions {
  readonly clock: Clock & Pick<SystemClock, "advanceTo">;
  readonly bounds: Bounds;
  readonly idempotency: { readonly keepMs: number; readonly maxKeys: number };
  readonly keepCommandsPerSession: number;
  /** The settings of a session that asks for none of its own. */
  readonly sessionDefaults: SessionConfigShape;
  /** When sessions are archived, trashed and deleted; never where this is left out. */
  readonly retention?: RetentionSettings | undefined;
  /** Whether sessions are measured, and how long that is kept; as usual where this is left out. */
  readonly metrics?: MetricsSettings | undefined;
  /** How long a lease outlives the connection of its holder; 10 s where this is left out. */
  readonly leaseGraceMs?: number | undefined;
  /** Where commands find the daemon. */
  readonly socket?: string | undefined;
  /** Where everything lies that must survive; no backup goes in there. */
  readonly dataDir: string;
  readonly contentDir: string;
  /** Where the full-text index lies. */
  readonly searchDir: string;
  /** Where what was measured lies; `metrics` in `dataDir` where this is left out. */
  readonly metricsDir?: string | undefined;
  /** Where running commands have their folders. */
  readonly runningDir?: string | undefined;
  /** What commands are kept by; without it they are children of the daemon, and end with it. */
  readonly keeper?: KeeperPrograms | undefined;
  /** Whether the daemon has its process to itself, and may go into a cgroup of its own. */
  readonly ownsProcess?: boolean | undefined;
  /** Where checkpoints lie. */
  readonly checkpointsDir: string;
  /** Where the files for people lie; none where this is left out. */
  readonly sessionsDir?: string | undefined;
  /** Where the journal lies; left out, it is in memory, and the bodies are too. */
  readonly journal?:
    Omit<JournalOptions, "restore" | "replay" | "onFailure" | "onFatal" | "onTorn"> | undefined;
  readonly log: SupervisorLog;
  /** The log of one session, by its own settings. */
  readonly sessionLog: (session: Session) => SupervisorLog;
  /** Where the logs of sessions lie, which go where their sessions go; left out where there are none. */
  readonly sessionLogs?:
    Pick<SessionLogs, "archive" | "remove" | "removeLeft" | "settled" | "source"> | undefined;
  /** A sync failed: nobody may be answered any more, the process has to end at once. */
  readonly onFatal: (error: Error) => void;
}
