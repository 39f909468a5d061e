import type { Command } from "./commands.js";
import { type Decision, happened, NOTHING } from "./decision.js";
import type { Event } from "./events.js";
import type { Binding, Session, SessionStatus } from "./state.js";
import { isEnded } from "./state.js";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;
type Gone = Of<"session/process-gone">;
type Bound = Extract<Event, { type: "session/bound" }>["data"];
type Unbound = Extract<Event, { type: "session/unbound" }>["data"];
type Ending = { readonly status: Exclude<SessionStatus, "active" | "paused">; readonly reason: string };

/** The process whose end is awaited: that of a session that goes on. */
export function awaited({ status, binding }: Session): Binding | undefined {
  return isEnded(status) || binding?.gone !== undefined ? undefined : binding;
}

/** Binds a session to a process; to another one than before where an agent has begun anew. */
export function bind(session: Session, command: Of<"session/bind">): Decision {
  const { type: _, sessionId, ...data } = command;
  const binding = awaited(session);
  const isKnown = binding !== undefined && isSame(binding, command) && binding.onExit === command.onExit;
  return isKnown ? NOTHING : happened({ type: "session/bound", sessionId, data });
}

/** Lets a session go on without its process. */
export function unbind({ sessionId, binding }: Session): Decision {
  if (binding === undefined) return NOTHING;
  const data = { reason: "unbound", pid: binding.pid } as const;
  return happened({ type: "session/unbound", sessionId, data });
}

/** How a session ends whose process is gone; undefined where it waits for no end of that process any more. */
export function endByProcess(
  session: Session,
  gone: Gone,
): { readonly unbound: Event; readonly ending: Ending } | undefined {
  const binding = awaited(session);
  if (binding === undefined || !isSame(binding, gone)) return undefined;
  const { pid, exitCode, signal } = gone;
  const unbound: Event = {
    type: "session/unbound",
    sessionId: session.sessionId,
    data: { reason: "process_gone", pid, exitCode, signal },
  };
  return { unbound, ending: { status: statusBy(binding, gone), reason: reasonOf(binding, gone) } };
}

/** What the end of a session does to its binding: nobody waits for the process any more. */
export function unboundByEnd(session: Session): readonly Event[] {
  const binding = awaited(session);
  if (binding === undefined) return [];
  const data = { reason: "session_ended", pid: binding.pid } as const;
  return [{ type: "session/unbound", sessionId: session.sessionId, data }];
}

/** A binding as the journal has it; each field is named, so that what JSON left out has no value. */
export function bindingOf({ pid, startTicks, bootId, name, onExit }: Bound, boundAt: number): Binding {
  return { pid, startTicks, bootId, name, onExit, boundAt, gone: undefined };
}

/** The binding after a session was let go by its process, or the other way round. */
export function bindingAfter(
  binding: Binding | undefined,
  { reason, exitCode, signal }: Unbound,
  at: number,
): Binding | undefined {
  return reason === "process_gone" && binding !== undefined
    ? { ...binding, gone: { at, exitCode, signal } }
    : undefined;
}

function isSame(binding: Binding, other: Pick<Binding, "pid" | "startTicks" | "bootId">): boolean {
  const { pid, startTicks, bootId } = other;
  return binding.pid === pid && binding.startTicks === startTicks && binding.bootId === bootId;
}

function statusBy({ onExit }: Binding, { exitCode, signal }: Gone): Ending["status"] {
  switch (onExit) {
    case "complete":
      return "completed";
    case "fail":
      return "failed";
    case "abandon":
      return "abandoned";
    case "exit_code":
      // How it ended is mostly known to its parent alone. What nobody knows is no failure.
      if (exitCode === undefined && signal === undefined) return "abandoned";
      return exitCode === 0 ? "completed" : "failed";
  }
}

function reasonOf({ pid, name }: Binding, { exitCode, signal, isOfEarlierBoot }: Gone): string {
  const its = name === undefined ? `its process ${pid}` : `its process ${pid} (${name})`;
  if (signal !== undefined) return `${its} was ended by ${signal}`;
  if (exitCode !== undefined) return `${its} ended with exit code ${exitCode}`;
  return isOfEarlierBoot ? `${its} is gone: the machine was started anew` : `${its} is gone`;
}
