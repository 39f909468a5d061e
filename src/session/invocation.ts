import type { Bounds, Command, Moment } from "./commands.js";
import {
  type Decision,
  happened,
  type Head,
  limitReached,
  refuse,
  type Refused,
  sessionNotActive,
  sessionNotFound,
} from "./decision.js";
import type { Event, FinishedInvocation, SessionEvent, Stamp } from "./events.js";
import { faultOfDetails } from "./metadata.js";
import type { Invocation, Session } from "./state.js";
import { addUsage } from "./totals.js";
import { statusAfter } from "./transitions.js";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;
type InvocationCommand = Extract<Command, { type: `invocation/${string}` }>;

/** Decides what is asked of an invocation. */
export function decideInvocation(
  head: Head,
  command: InvocationCommand,
  moment: Moment,
  bounds: Bounds,
): Decision {
  switch (command.type) {
    case "invocation/start":
      return start(head, command, moment, bounds);
    case "invocation/finish":
      return finish(head, command, moment, bounds);
    case "invocation/link":
      return link(head, command, moment, bounds);
  }
}

function start(head: Head, command: Of<"invocation/start">, { at }: Moment, bounds: Bounds): Decision {
  const { type: _, sessionId, ...fields } = command;
  const fault = faultOfBirth(head, command) ?? faultOfDetails(fields.input, bounds, "input of an invocation");
  if (fault !== undefined) return fault;
  const bound = bounds.runningInvocations;
  if ((head.session(sessionId)?.invocations.running ?? 0) >= bound) {
    const message = `${bound} invocations run in session "${sessionId}" already.`;
    return limitReached("runningInvocations", bound, message, "say how those ended with invocation/finish");
  }
  return happened({ type: "invocation/started", sessionId, data: { ...fields, startedAt: at } });
}

function finish(
  head: Head,
  { invocationId, ...outcome }: Of<"invocation/finish">,
  { at }: Moment,
  bounds: Bounds,
): Decision {
  const known = head.things.invocations.head(invocationId);
  if (known === undefined) return invocationNotFound(invocationId);
  if (known.status !== "running") {
    const message = `Invocation "${invocationId}" has ended (${known.status}).`;
    return refuse("invalid_transition", message, { details: { status: known.status } });
  }
  const { type: _, ...given } = outcome;
  return (
    faultOfDetails(given.output, bounds, "output of an invocation") ?? happened(finished(known, given, at))
  );
}

function link(head: Head, command: Of<"invocation/link">, { at }: Moment, bounds: Bounds): Decision {
  const { type: _, sessionId, startedAt: given, ...fields } = command;
  const { input, output, durationMs } = fields;
  // What has ended has ended by now, whatever clock its times were read from.
  const startedAt = Math.max(0, Math.min(given ?? at - (durationMs ?? 0), at));
  const endedAt = Math.min(startedAt + (durationMs ?? 0), at);
  return (
    faultOfBirth(head, command) ??
    faultOfDetails(input, bounds, "input of an invocation") ??
    faultOfDetails(output, bounds, "output of an invocation") ??
    happened({ type: "invocation/linked", sessionId, data: { ...fields, startedAt, endedAt } })
  );
}

/** The ends of all that runs in a session that ends: nobody will say any more how they went. */
export function abandonRunning(head: Head, { sessionId, invocations }: Session, at: number): SessionEvent[] {
  if (invocations.running === 0) return [];
  return [...head.things.invocations.headOf(sessionId)]
    .filter(({ status }) => status === "running")
    .map((one) => finished(one, { status: "abandoned" }, at));
}

/** The end has everything about the invocation in it: it is what is kept of it, and needs nothing that came before. */
function finished(
  { sessionId, invocationId, tool, input, path, messageId, startedAt }: Invocation,
  outcome: Pick<FinishedInvocation, "status" | "output" | "error" | "usage"> & {
    durationMs?: number | undefined;
  },
  at: number,
): SessionEvent {
  const endedAt = Math.max(startedAt, at);
  const durationMs = outcome.durationMs ?? endedAt - startedAt;
  const known = { invocationId, tool, input, path, messageId, startedAt };
  return { type: "invocation/finished", sessionId, data: { ...known, ...outcome, endedAt, durationMs } };
}

function faultOfBirth(
  head: Head,
  { sessionId, invocationId }: { readonly sessionId: string; readonly invocationId: string },
): Refused | undefined {
  const session = head.session(sessionId);
  if (session === undefined) return sessionNotFound(sessionId);
  if (statusAfter(session.status, "work") === undefined) return sessionNotActive(session);
  if (head.things.invocations.head(invocationId) === undefined) return undefined;
  return refuse("invocation_exists", `An invocation "${invocationId}" exists already.`, {
    hint: "leave invocationId out to get a new id",
  });
}

/**
 * The invocation after an event, as a new object. One that is over is known by little more than its name: what it was
 * asked and answered is a body.
 */
export function evolveInvocation(
  invocation: Invocation | undefined,
  event: Event,
  { seq }: Stamp,
): Invocation | undefined {
  switch (event.type) {
    case "invocation/started": {
      const { sessionId, data } = event;
      return { ...data, sessionId, createdSeq: seq, status: "running", endedSeq: undefined };
    }
    case "invocation/finished":
    case "invocation/linked": {
      const { sessionId, data } = event;
      const { invocationId, tool, status, startedAt } = data;
      const createdSeq = invocation?.createdSeq ?? seq;
      const inItsBody = { input: undefined, path: undefined, messageId: undefined };
      return { invocationId, sessionId, createdSeq, tool, status, startedAt, endedSeq: seq, ...inItsBody };
    }
    default:
      return invocation;
  }
}

/** The id of the invocation that an event is about, if any. */
export function invocationIdOf(event: Event): string | undefined {
  switch (event.type) {
    case "invocation/started":
    case "invocation/finished":
    case "invocation/linked":
      return event.data.invocationId;
    default:
      return undefined;
  }
}

/** What an event of an invocation does to the counts of its session. */
export function countInvocation(
  { invocations, totals }: Session,
  event: Extract<Event, { type: `invocation/${string}` }>,
): Pick<Session, "invocations" | "totals"> {
  if (event.type === "invocation/started") {
    return { invocations: { ...invocations, running: invocations.running + 1 }, totals };
  }
  const { tool, durationMs, usage, status } = event.data;
  const running = invocations.running - (event.type === "invocation/finished" ? 1 : 0);
  return {
    invocations: { ...invocations, running, [status]: invocations[status] + 1 },
    totals: addUsage(totals, { ...usage, tool, durationMs }),
  };
}

export function invocationNotFound(invocationId: string): Refused {
  return refuse("invocation_not_found", `There is no invocation "${invocationId}".`, {
    hint: "one that is over for long is found with sessionId beside its id; invocation/list shows all of a session",
  });
}
