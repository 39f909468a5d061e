import { z } from "zod";

import { ALERT_EVENTS } from "./alert.js";
import { binding, unbindReason } from "./binding.js";
import { agentId, chainEntry } from "./chain.js";
import { checkpoint } from "./checkpoint.js";
import { command, commandStatus, endCause, enforcedBy, notHeld, signalName, supervision } from "./command.js";
import { json } from "./json.js";
import { invocationData } from "./invocation.js";
import { message } from "./message.js";
import { activity, endedStatus, releaseReason, session, sessionStatus } from "./session.js";
import { count, durationMs, id, label, seq, text, time } from "./shapes.js";
import { stallPolicy } from "./stall.js";
import { template } from "./template.js";

/**
 * What happened to a session: the `data` of each type of event, as subscribers see it. Only the OpenRPC document and the
 * tests ask for the schemas, so a daemon seldom makes them; the names and the types are for everybody.
 */
const SESSION_EVENTS = {
  "session/created": () => session,
  "session/cloned": () => session,
  "session/imported": () => session,
  /** What was set; null stands for a text that was removed. */
  "session/updated": () =>
    session.partial().extend({
      name: label.nullable().optional(),
      purpose: text.nullable().optional(),
      description: text.nullable().optional(),
      userId: label.nullable().optional(),
    }),
  "session/touched": () => z.strictObject({}),
  "session/paused": () => z.strictObject({ reason: text.optional() }),
  "session/resumed": () => z.strictObject({}),
  "session/ended": () => z.strictObject({ status: endedStatus, reason: text.optional() }),
  "session/claimed": () => z.strictObject({ epoch: count, holder: label.optional() }),
  "session/released": () => z.strictObject({ epoch: count, reason: releaseReason }),
  "session/bound": () => binding.pick({ pid: true, name: true, onExit: true }),
  "session/unbound": () =>
    binding.pick({ pid: true, exitCode: true, signal: true }).extend({ reason: unbindReason }),
  "session/archived": () => z.strictObject({}),
  "session/unarchived": () => z.strictObject({}),
  "session/trashed": () => z.strictObject({}),
  "session/untrashed": () => z.strictObject({}),
  "session/pinned": () => z.strictObject({}),
  "session/unpinned": () => z.strictObject({}),
  "session/deleted": () => z.strictObject({}),
  "activity/recorded": () =>
    activity.pick({ kind: true, action: true, details: true, usage: true }).extend({
      /** When it was, where it came with a session that was imported. */
      at: time.optional(),
    }),
  "message/appended": () => message.omit({ seq: true, at: true }),
  "workspace/released": () =>
    z.strictObject({ outcome: z.enum(["removed", "kept"]), reason: text.optional() }),
  "invocation/started": () => invocationData,
  /** By whoever made it, or by the end of its session. */
  "invocation/finished": () => invocationData,
  "invocation/linked": () => invocationData,
  "checkpoint/created": () => checkpoint.omit({ seq: true, createdAt: true }),
  /** The session is as it was then; `session/get` answers it. */
  "checkpoint/restored": () => z.strictObject({ checkpointId: id, status: sessionStatus }),
  "checkpoint/deleted": () => z.strictObject({ checkpointId: id }),
  "metadata/set": () => z.strictObject({ key: label, value: json }),
  "metadata/deleted": () => z.strictObject({ key: label }),
  "command/accepted": () => command,
  /** It came with a session that was imported, and is over. */
  "command/imported": () => command,
  "command/started": () =>
    z.strictObject({
      commandId: id,
      attempt: count,
      pid: count,
      supervision: supervision.optional(),
      enforcedBy: enforcedBy.optional(),
      notHeld: notHeld.optional(),
    }),
  "command/retrying": () =>
    z.strictObject({
      commandId: id,
      attempt: count,
      cause: endCause,
      exitCode: z.int().optional(),
      signal: z.string().optional(),
      error: text.optional(),
      refusedForks: count.optional(),
      nextAttemptAt: time,
    }),
  /** None of the signs of life that are watched was seen for `afterMs`: what was seen, and what is done about it. */
  "command/stalled": () =>
    z.strictObject({
      commandId: id,
      attempt: count,
      action: stallPolicy.shape.action,
      afterMs: durationMs,
      /** The last sign of life. */
      since: time,
      outputBytes: count,
      lastOutputAt: time.optional(),
      /** CPU time that its processes used since then; absent where that is not watched or not known. */
      cpuMs: count.optional(),
      lastHeartbeatAt: time.optional(),
    }),
  /** Something moves in it again, and by which sign that was seen. */
  "command/recovered": () =>
    z.strictObject({
      commandId: id,
      attempt: count,
      sign: stallPolicy.shape.watch.element,
      stalledMs: count,
    }),
  "command/signalled": () => z.strictObject({ commandId: id, signal: signalName }),
  "command/ended": () =>
    z.strictObject({
      commandId: id,
      status: commandStatus,
      cause: endCause,
      exitCode: z.int().optional(),
      signal: z.string().optional(),
      error: text.optional(),
      refusedForks: count.optional(),
      durationMs: count,
      /** When it was, where it ended while no daemon was there; else it is the time of the event. */
      endedAt: time.optional(),
    }),
} as const;

/** The same for what happened to no session in particular. */
const GLOBAL_EVENTS = {
  "template/saved": () => template,
  "template/deleted": () => z.strictObject({ templateId: id }),
  "chain/appended": () =>
    chainEntry.omit({ seq: true, at: true }).extend({
      agentId,
      /** How many of the oldest left for it. */
      dropped: count.optional(),
    }),
  /** What came before that time has left, but for the current entry. */
  "chain/trimmed": () => z.strictObject({ agentId, before: time, dropped: count }),
  "chain/reset": () => z.strictObject({ agentId }),
  ...ALERT_EVENTS,
} as const;

export const EVENTS = { ...SESSION_EVENTS, ...GLOBAL_EVENTS } as const;

export type SessionEventType = keyof typeof SESSION_EVENTS;
export type EventType = keyof typeof EVENTS;

/** The notification `event`. The subscriber's id comes first, so that all behind it is written once and
 * the bytes are shared between subscribers. */
const eventNotification = z.strictObject({
  subscriptionId: id,
  seq: count,
  at: time,
  type: z.enum(Object.keys(EVENTS) as [EventType, ...EventType[]]),
  /** Absent where it happened to no session in particular. */
  sessionId: id.optional(),
  data: z.unknown(),
});

/** The notification `event/gap`: the journal no longer has what the subscription still needs, so it has ended. */
const gapNotification = z.strictObject({
  subscriptionId: id,
  /** The first event that is still kept. */
  oldestSeq: seq,
});

/** The notification `session/taken`, to the connection whose lease on the session is over: somebody took it over. */
const takenNotification = z.strictObject({
  sessionId: id,
  /** Of the new lease, and who has it. */
  epoch: count,
  holder: label.optional(),
});

/** Everything that the daemon says without being asked: the params of each notification. */
export const NOTIFICATIONS = {
  event: eventNotification,
  "event/gap": gapNotification,
  "session/taken": takenNotification,
} as const;
