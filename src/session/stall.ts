import type { SessionConfigShape } from "../protocol/types.js";
import type { Command } from "./commands.js";
import { type Decision, happened, NOTHING } from "./decision.js";
import type { Event } from "./events.js";
import type { Execution, ExecutionLimits, Session, StallPolicy } from "./state.js";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;

/** Every sign of life that can be watched. */
const ALL_SIGNS: StallPolicy["watch"] = ["output", "cpu", "heartbeat"];

interface StallSettings {
  readonly stall?: SessionConfigShape["stall"];
  readonly stallTimeoutMs?: number | undefined;
}

/**
 * What a command is held to: what its call says, over what its session says. What neither says is the mildest: all signs
 * of life are watched, and a stall is told. The older `stallTimeoutMs` counts where the same one gives no policy, and in
 * its session where nobody does; it goes on to be written as what it was.
 */
export function stallLimits(
  call: StallSettings,
  session: Required<Pick<StallSettings, "stallTimeoutMs">> & StallSettings,
): Pick<ExecutionLimits, "stallTimeoutMs" | "stall"> {
  if (call.stall === undefined && call.stallTimeoutMs !== undefined)
    return { stallTimeoutMs: call.stallTimeoutMs };
  if (call.stall === undefined && session.stall === undefined)
    return { stallTimeoutMs: session.stallTimeoutMs ?? 0 };
  const afterMs = call.stall?.afterMs ?? session.stall?.afterMs ?? 0;
  if (afterMs === 0) return { stallTimeoutMs: 0 };
  const action = call.stall?.action ?? session.stall?.action ?? "tell";
  const watch = call.stall?.watch ?? session.stall?.watch ?? ALL_SIGNS;
  return { stallTimeoutMs: 0, stall: { afterMs, action, watch } };
}

/** What is done about a command in which nothing moves; undefined where nothing is. */
export function stallOf({ stall, stallTimeoutMs }: ExecutionLimits): StallPolicy | undefined {
  if (stall !== undefined || stallTimeoutMs === 0) return stall;
  // The older setting, and what it has always done.
  return { afterMs: stallTimeoutMs, action: "retry", watch: ["output"] };
}

/** Decides whether it is news that nothing moves in a command. Once is enough for each stall. */
export function reportStall(execution: Execution, command: Of<"command/report-stall">): Decision {
  const { type: _, ...seen } = command;
  const { sessionId, limits } = execution;
  const policy = stallOf(limits);
  if (policy === undefined || !isOfTry(execution, command) || execution.stalled !== undefined) return NOTHING;
  const { action, afterMs } = policy;
  return happened({ type: "command/stalled", sessionId, data: { ...seen, action, afterMs } });
}

/** Decides whether it is news that something moves again in a command. */
export function reportRecovery(
  execution: Execution,
  command: Of<"command/report-recovery">,
  at: number,
): Decision {
  const { sessionId, stalled } = execution;
  if (!isOfTry(execution, command) || stalled === undefined) return NOTHING;
  const { commandId, attempt, sign } = command;
  const stalledMs = Math.max(0, at - stalled.since);
  return happened({ type: "command/recovered", sessionId, data: { commandId, attempt, sign, stalledMs } });
}

/** The session with what an event says of the stalls of its commands. */
export function stallsAfter(session: Session, event: Event): Session {
  switch (event.type) {
    case "command/stalled":
      return { ...session, stalls: { ...session.stalls, [event.data.commandId]: event.data.since } };
    case "command/recovered":
    case "command/retrying":
    case "command/ended":
      return withoutStall(session, event.data.commandId);
    default:
      return session;
  }
}

function withoutStall(session: Session, commandId: string): Session {
  if (session.stalls === undefined || !Object.hasOwn(session.stalls, commandId)) return session;
  const { [commandId]: _, ...others } = session.stalls;
  return { ...session, stalls: Object.keys(others).length === 0 ? undefined : others };
}

function isOfTry({ status, attempt }: Execution, report: { readonly attempt: number }): boolean {
  return status === "running" && report.attempt === attempt;
}
