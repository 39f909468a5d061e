import type { z } from "zod";

import type { alert, alertDelivery } from "./alert.js";
import type { alertRule } from "./alertRule.js";
import type { binding, unbindReason } from "./binding.js";
import type { chain, chainEntry } from "./chain.js";
import type { checkpoint } from "./checkpoint.js";
import type { command, enforcedBy } from "./command.js";
import type { EVENTS, EventType, NOTIFICATIONS, SessionEventType } from "./events.js";
import type { invocation } from "./invocation.js";
import type { message } from "./message.js";
import type { METHODS } from "./methods/index.js";
import type {
  activity,
  activityKind,
  releaseReason,
  session,
  sessionConfig,
  sessionConfigPatch,
  usage,
} from "./session.js";
import type { resourceLimits } from "./resourceLimits.js";
import type { stallPolicy } from "./stall.js";
import type { template, templateDefaults } from "./template.js";
import type { workspace } from "./workspace.js";

/** Types alone, all mapped from the one definition: what the client and the handlers are typed by. */
export type Methods = typeof METHODS;
export type MethodName = keyof Methods;
/** What a caller gives: defaults may be left out. */
export type Params<M extends MethodName> = z.input<Methods[M]["params"]>;
/** What a handler gets: validated, defaults filled in. */
export type ValidParams<M extends MethodName> = z.output<Methods[M]["params"]>;
export type Result<M extends MethodName> = z.output<Methods[M]["result"]>;
/** The methods that take an idempotency key. Params without any key are a record of nothing, which has them all. */
export type KeyedMethod = {
  [M in MethodName]: string extends keyof Params<M>
    ? never
    : "idempotencyKey" extends keyof Params<M>
      ? M
      : never;
}[MethodName];

/** The methods that take the caller's lease: every write to one session. */
export type LeasedMethod = {
  [M in MethodName]: string extends keyof Params<M> ? never : "lease" extends keyof Params<M> ? M : never;
}[MethodName];

export type SessionShape = z.output<typeof session>;
export type ReleaseReason = z.output<typeof releaseReason>;
export type SessionConfigShape = z.output<typeof sessionConfig>;
export type SessionConfigPatch = z.output<typeof sessionConfigPatch>;
export type EnforcedBy = z.output<typeof enforcedBy>;
export type ResourceLimitsShape = z.output<typeof resourceLimits>;
export type BindingShape = z.output<typeof binding>;
export type UnbindReason = z.output<typeof unbindReason>;
export type StallShape = z.output<typeof stallPolicy>;
export type CommandShape = z.output<typeof command>;
export type ActivityShape = z.output<typeof activity>;
export type ActivityKind = z.output<typeof activityKind>;
export type CheckpointShape = z.output<typeof checkpoint>;
export type MessageShape = z.output<typeof message>;
export type InvocationShape = z.output<typeof invocation>;
export type TemplateShape = z.output<typeof template>;
export type TemplateDefaults = z.output<typeof templateDefaults>;
export type ChainEntryShape = z.output<typeof chainEntry>;
export type ChainShape = z.output<typeof chain>;
export type AlertShape = z.output<ReturnType<typeof alert>>;
export type AlertRuleShape = z.output<ReturnType<typeof alertRule>>;
export type AlertDeliveryShape = z.output<ReturnType<typeof alertDelivery>>;
export type WorkspaceShape = z.output<typeof workspace>;
export type UsageShape = z.output<typeof usage>;

/** An event as subscribers get it. */
export type EventShape = {
  [T in EventType]: {
    readonly seq: number;
    readonly at: string;
    readonly type: T;
    readonly sessionId: T extends SessionEventType ? string : undefined;
    readonly data: z.output<ReturnType<(typeof EVENTS)[T]>>;
  };
}[EventType];

/** The notifications of the daemon, by method, with their params. */
export interface NotificationShapes {
  readonly event: EventShape & { readonly subscriptionId: string };
  readonly "event/gap": z.output<(typeof NOTIFICATIONS)["event/gap"]>;
  readonly "session/taken": z.output<(typeof NOTIFICATIONS)["session/taken"]>;
}
