import type { InvocationShape } from "../../protocol/types.js";
import type { Event, FinishedInvocation, StartedInvocation } from "../../session/events.js";
import { showTime, withoutUndefined } from "./session.js";

/** What is known of an invocation, running or over, with its times in epoch milliseconds. */
type Known = (StartedInvocation & { readonly status: "running" }) | FinishedInvocation;

/** An invocation as the protocol shows it, but for its session and its number. */
export function showInvocation(known: Known): Omit<InvocationShape, "sessionId" | "seq"> {
  return {
    ...withoutUndefined(known),
    startedAt: showTime(known.startedAt),
    ...("endedAt" in known ? { endedAt: showTime(known.endedAt) } : {}),
  } as Omit<InvocationShape, "sessionId" | "seq">;
}

/** What an event of an invocation says of it. */
export function showInvocationEvent(
  event: Extract<Event, { type: `invocation/${string}` }>,
): Omit<InvocationShape, "sessionId" | "seq"> {
  return showInvocation(
    event.type === "invocation/started" ? { ...event.data, status: "running" } : event.data,
  );
}
