import type { BodyKind } from "../content/places.js";
import type { ActivityKind, MessageShape } from "../protocol/types.js";
import type { Event, FinishedInvocation, Stamp, StartedInvocation } from "../session/events.js";
import type { Session } from "../session/state.js";

/** One entry of a session's audit trail, as it is stored. */
export interface ActivityBody {
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly kind?: ActivityKind | undefined;
  readonly action: string;
  readonly details?: unknown;
  readonly usage?: unknown;
}

/** One message of a session's conversation, as it is stored. */
export interface MessageBody extends Omit<MessageShape, "at"> {
  /** Epoch milliseconds. */
  readonly at: number;
}

/** One invocation of a session, as it is stored once it is over; one that runs is shown by the same shape. */
export type InvocationBody = { readonly seq: number; readonly at: number } & (
  FinishedInvocation | (StartedInvocation & { readonly status: "running" })
);

/** What is stored of each kind. */
export interface BodyTypes {
  readonly activities: ActivityBody;
  readonly conversation: MessageBody;
  readonly invocations: InvocationBody;
}

/** A body with its kind. */
export type AnyBody = { [K in BodyKind]: { readonly kind: K; readonly body: BodyTypes[K] } }[BodyKind];

/** The seq with which a body is shown: what came along when its session was made has that of the session's birth. */
export function shownSeq({ seq }: { readonly seq: number }, session: Pick<Session, "createdSeq">): number {
  return seq < 0 ? session.createdSeq : seq;
}

/** The body of a durable event; undefined where it has none. */
export function bodyOf(event: Event, { seq, at }: Pick<Stamp, "seq" | "at">): AnyBody | undefined {
  switch (event.type) {
    case "activity/recorded":
      return { kind: "activities", body: { seq, at, ...event.data } };
    case "message/appended":
      return { kind: "conversation", body: { seq, at, ...event.data } };
    case "invocation/finished":
    case "invocation/linked":
      return { kind: "invocations", body: { seq, at, ...event.data } };
    default:
      return undefined;
  }
}
