import type { Json } from "../protocol/json.js";
import type {
  BindingShape,
  InvocationShape,
  SessionConfigShape,
  SessionShape,
  TemplateDefaults,
  WorkspaceShape,
} from "../protocol/types.js";
import type { ExecutionStatus } from "./executionState.js";

export type {
  EndCause,
  Execution,
  ExecutionLimits,
  ExecutionStatus,
  Holding,
  ProcessIdentity,
  ResourceLimits,
  StallPolicy,
  Supervision,
} from "./executionState.js";

export type SessionStatus = SessionShape["status"];
export type InvocationStatus = InvocationShape["status"];

/**
 * A session, whole but for its bodies. Never changed: `evolve` answers a new one, so a reference is a
 * snapshot. Times are epoch milliseconds; `…Up` are milliseconds of the daemon's cumulative up-time.
 */
export interface Session {
  readonly sessionId: string;
  readonly createdSeq: number;
  readonly status: SessionStatus;
  readonly name: string | undefined;
  readonly purpose: string | undefined;
  readonly description: string | undefined;
  readonly userId: string | undefined;
  readonly parentId: string | undefined;
  readonly workingDirectory: string | undefined;
  /** A folder of its own, where it asked for one. */
  readonly workspace: Workspace | undefined;
  readonly tags: readonly string[];
  readonly metadata: SessionShape["metadata"];
  /** Characters of the metadata as JSON, kept so that a limit costs nothing to check. */
  readonly metadataLength: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly config: SessionConfigShape;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly lastActivityAt: number;
  readonly lastActivityUp: number;
  readonly endedAt: number | undefined;
  readonly endReason: string | undefined;
  readonly archivedAt: number | undefined;
  /** When it came into the trash. Like the archive it stands beside the status. */
  readonly deletedAt: number | undefined;
  /** Retention leaves it alone, whatever its age. */
  readonly pinned: boolean;
  readonly activities: number;
  readonly conversation: Conversation;
  /** Oldest first. */
  readonly checkpoints: readonly CheckpointEntry[];
  readonly commands: SessionShape["commands"];
  readonly invocations: SessionShape["invocations"];
  readonly totals: SessionShape["totals"];
  /** The last lease that was given out, held or not: it stays, so that its epoch never falls. */
  readonly lease: Lease | undefined;
  /** The process outside of the daemon that it belongs to, or belonged to until that was gone. */
  readonly binding: Binding | undefined;
  /** Since when nothing is heard of commands of it that run, by their ids; undefined where all are well. */
  readonly stalls: Readonly<Record<string, number>> | undefined;
}

/** The process that a session was bound to: the session does not outlive it. The daemon never signals it. */
export interface Binding {
  readonly pid: number;
  /** Clock ticks between boot and its start: with the boot they prove that a pid still means this process. */
  readonly startTicks: number;
  readonly bootId: string;
  /** As the system calls it. */
  readonly name: string | undefined;
  readonly onExit: BindingShape["onExit"];
  /** Epoch milliseconds. */
  readonly boundAt: number;
  /** What became of it; undefined as long as it was not seen to be gone. */
  readonly gone: ProcessEnd | undefined;
}

/** When a process was seen to be gone, and how it ended as far as that is known. */
export interface ProcessEnd {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

/** The right to write to a session, held by one at a time. */
export interface Lease {
  /** Random; known to its holder alone, who shows it with each write. Never shown to anybody else. */
  readonly token: string;
  /** 1 for the first lease of a session, and one more with each. */
  readonly epoch: number;
  /** What the holder calls itself. */
  readonly holder: string | undefined;
  /** Epoch milliseconds. */
  readonly claimedAt: number;
  /** Whether it binds anybody still; an ended session has none that does. */
  readonly isHeld: boolean;
}

/** A folder or git worktree that was made for a session. */
export interface Workspace extends Omit<WorkspaceShape, "released"> {
  /** Random; by it the record of what was made is found. Never shown. */
  readonly token: string;
  /** What became of it, once the session has let go of it. */
  readonly released?: { readonly outcome: "removed" | "kept"; readonly reason?: string | undefined };
}

/** Where the conversation of a session stands; what is said in it is a body. */
export interface Conversation {
  /** Messages that can be seen. */
  readonly count: number;
  /** All that were ever appended: the index of the last one. */
  readonly appended: number;
  /** Indices that are not to be seen, the first and the last of each run, in order. */
  readonly hidden: readonly (readonly [first: number, last: number])[];
}

/** One use of a tool in a session. */
export interface Invocation {
  readonly invocationId: string;
  readonly sessionId: string;
  readonly createdSeq: number;
  readonly tool: string;
  readonly status: InvocationStatus;
  readonly startedAt: number;
  /** As long as it runs: these three are in its body from then on. */
  readonly input?: Json | undefined;
  readonly path?: string | undefined;
  readonly messageId?: string | undefined;
  /** Of its body; undefined while it runs. */
  readonly endedSeq: number | undefined;
}

/**
 * What a checkpoint keeps, as a value of its own: it is in the journal until it is in a file, and never in memory with
 * its session. What sessions come to have beside these joins here, as a key that older checkpoints do not have.
 */
export type CheckpointValue = Pick<
  Session,
  | "name"
  | "purpose"
  | "description"
  | "userId"
  | "workingDirectory"
  | "tags"
  | "metadata"
  | "metadataLength"
  | "environment"
  | "config"
  | "status"
  | "endedAt"
  | "endReason"
  | "totals"
  | "conversation"
>;

/** A checkpoint as far as it is in memory. */
export interface CheckpointEntry {
  readonly checkpointId: string;
  readonly label: string | undefined;
  /** Made by a restore, so that it can be undone, and not because somebody asked for it. */
  readonly automatic: boolean;
  /** When it was made, epoch milliseconds. */
  readonly at: number;
  /** Of the event that made it. */
  readonly seq: number;
  /** What the session was then. */
  readonly status: SessionStatus;
  /** Messages that could be seen then. */
  readonly messages: number;
  /** Of the value, as JSON. */
  readonly sizeBytes: number;
  /** Its file came with an import, and says this in place of the session's name and birth, which nobody knew then. */
  readonly staged?: string | undefined;
}

/** What sessions are born with, where their creation does not say otherwise. Times are epoch milliseconds. */
export interface Template {
  readonly templateId: string;
  readonly description: string | undefined;
  readonly defaults: TemplateDefaults;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One interaction of an agent: in which session it was, and what was said. */
export interface ChainEntry {
  /** 1 for the first one of its chain, and one more with each. */
  readonly index: number;
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Of a session here, or of one that another tool keeps. */
  readonly sessionId: string;
  /** Where there was a session of that id here: with the id it names that one for ever. */
  readonly sessionCreatedSeq?: number | undefined;
  /** Its beginning, where it is long; the same of the response. */
  readonly prompt: string;
  readonly response?: string | undefined;
  readonly metadata?: Readonly<Record<string, Json>> | undefined;
}

/** The sessions in which an agent went on, one after the other. The last entry is the current one. */
export interface Chain {
  readonly agentId: string;
  /** When the first entry came, also where it has left since; epoch milliseconds. */
  readonly firstAt: number;
  /** All that ever came: the index of the last one. */
  readonly appended: number;
  /** Those that are there. */
  readonly count: number;
  /** Oldest first, in pieces none of which is empty: an append copies one piece and not all. */
  readonly chunks: readonly (readonly ChainEntry[])[];
}

/** Whether a status is one of the four ended ones. */
export function isEnded(status: SessionStatus): boolean {
  return status !== "active" && status !== "paused";
}

/** Whether a command is over: nothing of it runs or will run. */
export function isOver(status: ExecutionStatus): boolean {
  return status !== "starting" && status !== "running" && status !== "backing_off";
}
