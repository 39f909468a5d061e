import type { Command } from "./commands.js";
import { type Decision, happened, type Head, NOTHING, refuse, type Refused } from "./decision.js";
import type { Event } from "./events.js";
import type { Lease, Session } from "./state.js";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;

/** They make the session, or look at the lease themselves. */
const UNBOUND: ReadonlySet<Command["type"]> = new Set([
  "session/create",
  "session/import",
  "session/claim",
  "session/release",
]);

/**
 * What keeps a caller that shows this token, or none, from writing to a session, if anything does. The one place on the
 * way of every write: what is asked of a session, and of a command or an invocation in it. A session that nobody holds takes writes from
 * anyone, but never from one who shows a lease that is over: it believes to be alone.
 */
export function faultOfLease(head: Head, command: Command, token: string | undefined): Refused | undefined {
  const session = sessionOf(head, command);
  const lease = session?.lease;
  if (session === undefined || (lease === undefined && token === undefined)) return undefined;
  if (UNBOUND.has(command.type)) return undefined;
  if (token === undefined) return lease?.isHeld === true ? leaseHeld(session, lease) : undefined;
  if (token !== lease?.token) return leaseLost(session);
  // The end of a session ends its lease. Who held it last may still archive it, or hear that it has ended.
  return lease.isHeld || session.endedAt !== undefined ? undefined : leaseLost(session);
}

function sessionOf(head: Head, command: Command): Session | undefined {
  if ("sessionId" in command) return head.session(command.sessionId);
  if ("commandId" in command) return ownerOf(head, head.execution(command.commandId));
  if ("invocationId" in command) return ownerOf(head, head.things.invocations.head(command.invocationId));
  return undefined;
}

function ownerOf(head: Head, thing: { readonly sessionId: string } | undefined): Session | undefined {
  return thing === undefined ? undefined : head.session(thing.sessionId);
}

/** Decides whether a caller gets the lease of a session that goes on, or has it already. */
export function claim(session: Session, command: Of<"session/claim">): Decision {
  const { sessionId, lease } = session;
  const { token, held, takeover, holder } = command;
  const isHeld = lease?.isHeld === true;
  if (isHeld && held === lease.token) return NOTHING;
  if (!takeover) {
    if (held !== undefined) return leaseLost(session);
    if (isHeld) return leaseHeld(session, lease);
  }
  const epoch = (lease?.epoch ?? 0) + 1;
  return happened({ type: "session/claimed", sessionId, data: { token, epoch, holder } });
}

/** Decides whether a caller lets its lease go. To let go what is over changes nothing. */
export function release(session: Session, { held }: Of<"session/release">): Decision {
  const { sessionId, lease } = session;
  if (held !== lease?.token) return leaseLost(session);
  if (!lease.isHeld) return NOTHING;
  return happened({
    type: "session/released",
    sessionId,
    data: { epoch: lease.epoch, reason: "released" },
  });
}

/** Ends a lease whose holder is gone, unless it has ended already or somebody else has taken it. */
export function lapse({ sessionId, lease }: Session, { epoch }: Of<"session/lapse">): Decision {
  if (lease?.isHeld !== true || lease.epoch !== epoch) return NOTHING;
  return happened({ type: "session/released", sessionId, data: { epoch, reason: "connection_lost" } });
}

/** What the end of a session does to its lease: nobody holds it any more. */
export function releasedByEnd({ sessionId, lease }: Session): readonly Event[] {
  if (lease?.isHeld !== true) return [];
  return [{ type: "session/released", sessionId, data: { epoch: lease.epoch, reason: "session_ended" } }];
}

/** The lease after it was let go; a later one stays as it is. */
export function letGo(lease: Lease | undefined, epoch: number): Lease | undefined {
  return lease?.epoch === epoch ? { ...lease, isHeld: false } : lease;
}

function leaseHeld({ sessionId }: Session, { epoch, holder }: Lease): Refused {
  const by = holder === undefined ? "somebody else" : `"${holder}"`;
  return refuse("lease_held", `Session "${sessionId}" is claimed by ${by}, who alone may write to it.`, {
    hint: "wait until it is released, or take it over with session/claim and takeover: true",
    details: { epoch, ...(holder === undefined ? {} : { holder }) },
  });
}

function leaseLost({ sessionId, lease }: Session): Refused {
  const { epoch = 0, holder, isHeld = false } = lease ?? {};
  const now = isHeld
    ? `it is claimed by ${holder === undefined ? "somebody else" : `"${holder}"`}`
    : "nobody holds it";
  return refuse("lease_lost", `The lease on session "${sessionId}" is over; now ${now}.`, {
    hint: "look at what others wrote since, and claim the session anew with session/claim",
    details: { epoch, ...(isHeld && holder !== undefined ? { holder } : {}) },
  });
}
