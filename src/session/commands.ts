import type { Json } from "../protocol/json.js";
import type { ActivityKind, MessageShape, SessionConfigPatch, UsageShape } from "../protocol/types.js";
import type {
  AcceptedFields,
  ClonedFields,
  CreatedFields,
  FinishedInvocation,
  ImportedExecution,
  ImportedFields,
  Outcome,
  StallReport,
  StartedInvocation,
  UpdatedFields,
} from "./events.js";
import type { AlertCommand, AlertRuleCommand } from "./alertCommands.js";
import type {
  Binding,
  ChainEntry,
  CheckpointValue,
  Holding,
  ProcessEnd,
  ProcessIdentity,
  SessionStatus,
  StallPolicy,
  Supervision,
  Template,
} from "./state.js";

/** Which limit of a session ran out. */
export type ExpiredLimit = "idle" | "lifetime" | "heartbeat";

/** One activity of a session that is imported; `at` is epoch milliseconds. */
export interface ImportedActivity {
  readonly at: number;
  readonly kind?: ActivityKind | undefined;
  readonly action: string;
  readonly details?: Json | undefined;
}

/** What is asked of the state machine, or reported to it. Time, ids and chance come in with it. */
export type Command =
  | ({ readonly type: "session/create"; readonly sessionId: string } & CreatedFields)
  | ({ readonly type: "session/clone"; readonly sessionId: string } & ClonedFields)
  | ({
      readonly type: "session/import";
      readonly sessionId: string;
      /** Oldest first. */
      readonly activities: readonly ImportedActivity[];
      /** All of them over; oldest first. */
      readonly executions?: readonly ImportedExecution[] | undefined;
    } & ImportedFields)
  | ({ readonly type: "session/update"; readonly sessionId: string } & Omit<UpdatedFields, "config"> & {
        readonly config?: SessionConfigPatch | undefined;
      })
  | { readonly type: "session/touch"; readonly sessionId: string }
  | { readonly type: "session/resume"; readonly sessionId: string }
  | {
      readonly type: "session/claim";
      readonly sessionId: string;
      /** What a new lease is known by; random. */
      readonly token: string;
      /** The token of the lease that the caller has, to take it up again. */
      readonly held?: string | undefined;
      /** Takes the lease from whoever holds it. */
      readonly takeover: boolean;
      readonly holder?: string | undefined;
    }
  | { readonly type: "session/release"; readonly sessionId: string; readonly held: string }
  /** The daemon's own: the holder of that lease is gone. */
  | { readonly type: "session/lapse"; readonly sessionId: string; readonly epoch: number }
  | ({ readonly type: "session/bind"; readonly sessionId: string } & Pick<
      Binding,
      "pid" | "startTicks" | "bootId" | "name" | "onExit"
    >)
  | { readonly type: "session/unbind"; readonly sessionId: string }
  /** A report: the process that the session is bound to is gone. */
  | ({ readonly type: "session/process-gone"; readonly sessionId: string } & Pick<
      Binding,
      "pid" | "startTicks" | "bootId"
    > &
      Partial<Pick<ProcessEnd, "exitCode" | "signal">> & {
        /** The machine was started anew since. */
        readonly isOfEarlierBoot: boolean;
      })
  | {
      readonly type:
        | "session/archive"
        | "session/unarchive"
        | "session/trash"
        | "session/untrash"
        | "session/pin"
        | "session/unpin"
        | "session/delete";
      readonly sessionId: string;
    }
  | { readonly type: "session/pause"; readonly sessionId: string; readonly reason?: string | undefined }
  | {
      readonly type: "session/end";
      readonly sessionId: string;
      readonly status: Exclude<SessionStatus, "active" | "paused" | "timed_out">;
      readonly reason?: string | undefined;
    }
  | {
      readonly type: "session/expire";
      readonly sessionId: string;
      readonly limit: ExpiredLimit;
      readonly afterMs: number;
    }
  | {
      readonly type: "session/record";
      readonly sessionId: string;
      readonly kind?: ActivityKind | undefined;
      readonly action: string;
      readonly details?: Json | undefined;
      readonly usage?: UsageShape | undefined;
    }
  | ({ readonly type: "message/append"; readonly sessionId: string } & Omit<
      MessageShape,
      "seq" | "at" | "index"
    >)
  /** A report: what became of the workspace. */
  | {
      readonly type: "workspace/release";
      readonly sessionId: string;
      readonly outcome: "removed" | "kept";
      readonly reason?: string | undefined;
    }
  | ({ readonly type: "invocation/start"; readonly sessionId: string } & Omit<StartedInvocation, "startedAt">)
  | ({ readonly type: "invocation/finish"; readonly invocationId: string } & Pick<
      FinishedInvocation,
      "status" | "durationMs" | "output" | "error" | "usage"
    >)
  | ({
      readonly type: "invocation/link";
      readonly sessionId: string;
      /** Epoch milliseconds. */
      readonly startedAt?: number | undefined;
    } & Omit<FinishedInvocation, "startedAt" | "endedAt">)
  | { readonly type: "metadata/set"; readonly sessionId: string; readonly key: string; readonly value: Json }
  | { readonly type: "metadata/delete"; readonly sessionId: string; readonly key: string }
  | {
      readonly type: "checkpoint/create";
      readonly sessionId: string;
      readonly checkpointId: string;
      readonly label?: string | undefined;
    }
  | {
      readonly type: "checkpoint/restore";
      readonly sessionId: string;
      readonly checkpointId: string;
      /** Of the checkpoint that is made before, so that the restore can be undone. */
      readonly undoId: string;
      /** What the checkpoint keeps, as its file has it. */
      readonly value: CheckpointValue;
    }
  | { readonly type: "checkpoint/delete"; readonly sessionId: string; readonly checkpointId: string }
  | ({ readonly type: "template/save" } & Pick<Template, "templateId" | "description" | "defaults">)
  | { readonly type: "template/delete"; readonly templateId: string }
  | {
      readonly type: "chain/append";
      readonly agentId: string;
      readonly entry: Pick<ChainEntry, "sessionId" | "prompt" | "response" | "metadata">;
    }
  | { readonly type: "chain/reset"; readonly agentId: string }
  /** Lets go what came before that time, epoch milliseconds. */
  | { readonly type: "chain/trim"; readonly agentId: string; readonly before: number }
  | AlertRuleCommand
  | AlertCommand
  | ({ readonly type: "command/start"; readonly sessionId: string } & AcceptedFields)
  | { readonly type: "command/signal"; readonly commandId: string; readonly signal: string }
  /** A report: the try runs as this process. */
  | {
      readonly type: "command/report-start";
      readonly commandId: string;
      readonly attempt: number;
      readonly process: ProcessIdentity;
      readonly supervision?: Supervision | undefined;
      readonly holding?: Holding | undefined;
    }
  /** A report: none of the signs of life that are watched was seen for too long. */
  | ({
      readonly type: "command/report-stall";
      readonly commandId: string;
      readonly attempt: number;
    } & StallReport)
  /** A report: there is one again. */
  | {
      readonly type: "command/report-recovery";
      readonly commandId: string;
      readonly attempt: number;
      readonly sign: StallPolicy["watch"][number];
    }
  /** A report: the try is over. */
  | {
      readonly type: "command/report-end";
      readonly commandId: string;
      readonly attempt: number;
      readonly outcome: Outcome;
      /** Whether another try could go better at all. */
      readonly retryable: boolean;
      /** 0 to 1, for the jitter of the pause. */
      readonly chance: number;
      /** When it ended, where that was while no daemon was there to see it; epoch milliseconds. */
      readonly endedAt?: number | undefined;
      readonly stdoutBytes: number;
      readonly stderrBytes: number;
    };

/** When a command is decided: wall time in epoch milliseconds. */
export interface Moment {
  readonly at: number;
}

/** Bounds that hold over all sessions; the protocol's limits and the operator's. */
export interface Bounds {
  readonly maxSessions: number;
  readonly maxRunning: number;
  readonly metadataKeys: number;
  readonly metadataValueLength: number;
  readonly metadataLength: number;
  readonly detailsLength: number;
  readonly messageLength: number;
  readonly labelLength: number;
  readonly checkpoints: number;
  readonly automaticCheckpoints: number;
  readonly hiddenRuns: number;
  readonly templates: number;
  readonly runningInvocations: number;
  readonly chains: number;
  readonly chainEntries: number;
  readonly chainResponseLength: number;
  readonly chainMetadataLength: number;
  readonly textLength: number;
  readonly alertRules: number;
  readonly alertTargetsLength: number;
  readonly openAlerts: number;
}
