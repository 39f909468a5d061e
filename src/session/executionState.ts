import type {
  CommandShape,
  EnforcedBy,
  ResourceLimitsShape,
  SessionConfigShape,
  StallShape,
} from "../protocol/types.js";

export type EndCause = NonNullable<CommandShape["cause"]>;
export type Supervision = NonNullable<CommandShape["supervision"]>;
export type ExecutionStatus = CommandShape["status"];
/** How much of the machine something may take; see the protocol. */
export type ResourceLimits = Readonly<ResourceLimitsShape>;

/** Who holds a try within its limits, and which of them nobody does. */
export interface Holding {
  readonly enforcedBy?: EnforcedBy | undefined;
  readonly notHeld?: readonly ("memoryBytes" | "processes" | "cpuPercent")[] | undefined;
}

/** The limits within which a command runs; 0, and what is absent, does not limit. */
export interface ExecutionLimits extends ResourceLimits {
  readonly startToCloseMs: number;
  readonly scheduleToCloseMs: number;
  readonly stallTimeoutMs: number;
  /** What is done about silence; absent in commands of earlier versions, and where nothing is. See `stallOf`. */
  readonly stall?: StallPolicy | undefined;
  readonly graceMs: number;
  readonly maxOutputBytes: number;
}

/** What counts as a sign of life of a command, and what is done when none is seen for `afterMs`. */
export interface StallPolicy extends Readonly<Omit<StallShape, "watch">> {
  readonly watch: readonly StallShape["watch"][number][];
}

/** What was seen of a command that is stalled; times are epoch milliseconds. */
export interface Stalled {
  /** The last sign of life. */
  readonly since: number;
  /** How much it had written by then: whatever is more is a sign of life, also to a later daemon. */
  readonly outputBytes: number;
}

/** What proves that a process is the one that was started. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks between boot and the process's start, where the system tells. */
  readonly startTicks?: number | undefined;
  readonly bootId?: string | undefined;
}

/**
 * One command that a session runs, over all of its tries. The protocol calls it a command; here `Command`
 * is what somebody asks of the state machine, so the thing itself has its own word.
 */
export interface Execution {
  readonly commandId: string;
  readonly sessionId: string;
  readonly createdSeq: number;
  readonly name: string | undefined;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Random; in the environment of its processes, so that they are recognised. Never shown. */
  readonly token: string;
  readonly limits: ExecutionLimits;
  /** Of the try that runs, or ran last; absent where nothing of the machine is limited. */
  readonly holding?: Holding | undefined;
  /** How often the kernel refused it a process, as far as that is known. */
  readonly refusedForks?: number | undefined;
  readonly retry: SessionConfigShape["retry"];
  /** What it writes on standard error goes where its standard output goes, in the order in which it was written. */
  readonly mergeStderr?: boolean | undefined;
  /** Its standard input is given while it runs. */
  readonly openStdin?: boolean | undefined;
  readonly status: ExecutionStatus;
  readonly attempt: number;
  /** Of the try that runs, or ran last. Its pid is the id of its group, too. */
  readonly process: ProcessIdentity | undefined;
  /** What stands between the daemon and that try; undefined where a version that did not say started it. */
  readonly supervision?: Supervision | undefined;
  /** It runs, and nothing is heard of it. */
  readonly stalled: Stalled | undefined;
  /** Somebody asked it to end: no further try. */
  readonly cancelled: boolean;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly cause: EndCause | undefined;
  readonly error: string | undefined;
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly nextAttemptAt: number | undefined;
  readonly stdoutBytes: number | undefined;
  readonly stderrBytes: number | undefined;
}
