import type { Json } from "../protocol/json.js";
import type {
  ActivityKind,
  InvocationShape,
  MessageShape,
  ReleaseReason,
  SessionConfigShape,
  UnbindReason,
  UsageShape,
} from "../protocol/types.js";
import type {
  Binding,
  ChainEntry,
  CheckpointEntry,
  CheckpointValue,
  EndCause,
  Execution,
  ExecutionStatus,
  Holding,
  Lease,
  InvocationStatus,
  ProcessIdentity,
  Session,
  SessionStatus,
  Supervision,
  StallPolicy,
  Template,
} from "./state.js";
import type { Alert, AlertRuleFields } from "./alertState.js";

/** What a session is born with. */
export type CreatedFields = Pick<
  Session,
  | "name"
  | "purpose"
  | "description"
  | "userId"
  | "parentId"
  | "workingDirectory"
  | "tags"
  | "metadata"
  | "environment"
  | "config"
> & {
  /** What was made for it beforehand. */
  readonly workspace?: Session["workspace"];
};

/** What a new session brings along that was copied from somewhere else: bodies, and what was counted of them. */
export interface Brought {
  /** The folder in which its bodies were put together; absent where there are none. */
  readonly staged?: string | undefined;
  readonly history: Partial<
    Pick<
      Session,
      | "updatedAt"
      | "pinned"
      | "activities"
      | "conversation"
      | "checkpoints"
      | "commands"
      | "invocations"
      | "totals"
      | "lease"
    >
  >;
}

/** What a session is born with that was cloned from its parent. */
export type ClonedFields = CreatedFields & { readonly brought?: Brought | undefined };

/** What a session is taken over with, from files that this or another program wrote. */
export type ImportedFields = ClonedFields &
  Pick<Session, "status" | "createdAt" | "lastActivityAt" | "endedAt" | "endReason" | "archivedAt">;

/** What an update sets. A null removes a text; metadata is merged, everything else replaces. */
export interface UpdatedFields {
  readonly name?: string | null | undefined;
  readonly purpose?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly userId?: string | null | undefined;
  readonly workingDirectory?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, Json>> | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly config?: SessionConfigShape | undefined;
}

/** What a command is accepted with: all that a later try needs, but for its environment. */
export type AcceptedFields = Pick<
  Execution,
  "commandId" | "name" | "argv" | "cwd" | "token" | "limits" | "retry" | "mergeStderr" | "openStdin"
>;

/** A command that is over, as a session is taken over with it. No process of this machine is it. */
export type ImportedExecution = Omit<
  Execution,
  "sessionId" | "createdSeq" | "process" | "stalled" | "nextAttemptAt" | "openStdin"
>;

/** What an invocation starts with; `startedAt` is epoch milliseconds, here and below. */
export interface StartedInvocation {
  readonly invocationId: string;
  readonly tool: string;
  readonly input?: Json | undefined;
  readonly path?: string | undefined;
  readonly messageId?: string | undefined;
  readonly startedAt: number;
}

/** An invocation that is over, as a whole. */
export interface FinishedInvocation extends StartedInvocation {
  readonly status: Exclude<InvocationStatus, "running">;
  readonly endedAt: number;
  readonly durationMs?: number | undefined;
  readonly output?: Json | undefined;
  readonly error?: string | undefined;
  readonly usage?: InvocationShape["usage"];
}

/** How one try ended. */
export interface Outcome {
  readonly cause: EndCause;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly error?: string | undefined;
  /** How often the kernel refused it a process. */
  readonly refusedForks?: number | undefined;
}

/** What was seen of a command in which nothing moves; times are epoch milliseconds. */
export interface StallReport {
  /** The last sign of life of those that are watched. */
  readonly since: number;
  readonly outputBytes: number;
  /** Of the try; absent where it has written nothing that was seen. */
  readonly lastOutputAt?: number | undefined;
  /** CPU time that its processes used since the last sign; absent where that is not watched or not known. */
  readonly cpuMs?: number | undefined;
  /** Of the session; absent where none was seen. */
  readonly lastHeartbeatAt?: number | undefined;
}

interface SessionEventData {
  "session/created": CreatedFields;
  "session/cloned": ClonedFields;
  "session/imported": ImportedFields;
  "session/updated": UpdatedFields;
  "session/touched": Readonly<Record<string, never>>;
  "session/paused": { readonly reason?: string | undefined };
  "session/resumed": Readonly<Record<string, never>>;
  "session/ended": { readonly status: SessionStatus; readonly reason?: string | undefined };
  "session/claimed": Pick<Lease, "token" | "epoch" | "holder">;
  "session/released": { readonly epoch: number; readonly reason: ReleaseReason };
  "session/bound": Pick<Binding, "pid" | "startTicks" | "bootId" | "name" | "onExit">;
  "session/unbound": {
    readonly reason: UnbindReason;
    readonly pid: number;
    readonly exitCode?: number | undefined;
    readonly signal?: string | undefined;
  };
  "session/archived": Readonly<Record<string, never>>;
  "session/unarchived": Readonly<Record<string, never>>;
  "session/trashed": Readonly<Record<string, never>>;
  "session/untrashed": Readonly<Record<string, never>>;
  "session/pinned": Readonly<Record<string, never>>;
  "session/unpinned": Readonly<Record<string, never>>;
  "session/deleted": Readonly<Record<string, never>>;
  "activity/recorded": {
    readonly kind?: ActivityKind | undefined;
    readonly action: string;
    readonly details?: Json | undefined;
    readonly usage?: UsageShape | undefined;
    /** When it was, where that is not when it was journaled: it came with a session that was imported. */
    readonly at?: number;
  };
  "message/appended": Omit<MessageShape, "seq" | "at">;
  "workspace/released": { readonly outcome: "removed" | "kept"; readonly reason?: string | undefined };
  "invocation/started": StartedInvocation;
  "invocation/finished": FinishedInvocation;
  "invocation/linked": FinishedInvocation;
  "metadata/set": { readonly key: string; readonly value: Json };
  "metadata/deleted": { readonly key: string };
  "checkpoint/created": Pick<CheckpointEntry, "checkpointId" | "label" | "automatic" | "sizeBytes"> & {
    readonly value: CheckpointValue;
  };
  "checkpoint/restored": { readonly checkpointId: string; readonly value: CheckpointValue };
  "checkpoint/deleted": { readonly checkpointId: string };
  "command/accepted": AcceptedFields;
  "command/imported": ImportedExecution;
  "command/started": {
    readonly commandId: string;
    readonly attempt: number;
    readonly process: ProcessIdentity;
    readonly supervision?: Supervision | undefined;
    readonly holding?: Holding | undefined;
  };
  "command/retrying": Outcome & {
    readonly commandId: string;
    readonly attempt: number;
    readonly nextAttemptAt: number;
  };
  "command/stalled": StallReport & {
    readonly commandId: string;
    readonly attempt: number;
    readonly action: StallPolicy["action"];
    readonly afterMs: number;
  };
  "command/recovered": {
    readonly commandId: string;
    readonly attempt: number;
    readonly sign: StallPolicy["watch"][number];
    /** From the last sign of life before to this one. */
    readonly stalledMs: number;
  };
  "command/signalled": { readonly commandId: string; readonly signal: string; readonly cancels: boolean };
  "command/ended": Outcome & {
    readonly commandId: string;
    readonly status: ExecutionStatus;
    readonly durationMs: number;
    /** The program's name without its folder: the totals count by it. */
    readonly tool: string;
    /** Where it was not the time of the event; epoch milliseconds. */
    readonly endedAt?: number | undefined;
    readonly stdoutBytes?: number | undefined;
    readonly stderrBytes?: number | undefined;
  };
}

/** Which alert it is, and of which rule and session. */
type AboutAlert = Pick<Alert, "alertId" | "ruleId" | "sessionId">;

/** What happens to no session in particular. */
interface GlobalEventData {
  "template/saved": Pick<Template, "templateId" | "description" | "defaults">;
  "template/deleted": { readonly templateId: string };
  "chain/appended": Omit<ChainEntry, "seq" | "at"> & {
    readonly agentId: string;
    /** How many of the oldest left for it. */
    readonly dropped?: number | undefined;
  };
  /** What came before that time has left, but for the last entry. */
  "chain/trimmed": { readonly agentId: string; readonly before: number; readonly dropped: number };
  "chain/reset": { readonly agentId: string };
  "alert/configured": AlertRuleFields;
  "alert/unconfigured": { readonly ruleId: string };
  "alert/fired": Omit<AlertRuleFields, "scope" | "enabled"> & Pick<Alert, "alertId" | "sessionId" | "value">;
  "alert/resolved": AboutAlert & {
    readonly value?: number | undefined;
    readonly reason: NonNullable<Alert["resolveReason"]>;
  };
  "alert/acknowledged": AboutAlert & { readonly by?: string | undefined; readonly note?: string | undefined };
  "alert/delivered": AboutAlert & {
    readonly transition: Alert["awaiting"][number];
    readonly deliveries: Alert["deliveries"];
  };
}

/** What happened to a session, as the journal keeps it. */
export type SessionEvent = {
  [T in keyof SessionEventData]: {
    readonly type: T;
    readonly sessionId: string;
    readonly data: SessionEventData[T];
  };
}[keyof SessionEventData];

/** What happened, as the journal keeps it. */
export type Event =
  | SessionEvent
  | {
      [T in keyof GlobalEventData]: {
        readonly type: T;
        readonly sessionId?: undefined;
        readonly data: GlobalEventData[T];
      };
    }[keyof GlobalEventData];

/** What happened to an alert. */
export type AlertEvent = Extract<
  Event,
  { type: "alert/fired" | "alert/resolved" | "alert/acknowledged" | "alert/delivered" }
>;

/** When it happened and where it stands in the journal. */
export interface Stamp {
  readonly seq: number;
  /** Wall time, epoch milliseconds. */
  readonly at: number;
  /** Cumulative up-time of the daemon, milliseconds. */
  readonly up: number;
}

/** The folder in which the bodies were put together that a session is born with; undefined where it has none. */
export function stagedBy(event: Event): string | undefined {
  return event.type === "session/cloned" || event.type === "session/imported"
    ? event.data.brought?.staged
    : undefined;
}
