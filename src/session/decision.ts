import type { Refusal } from "../protocol/errors.js";
import type { Event } from "./events.js";
import type { Chain, Execution, Invocation, Session, Template } from "./state.js";
import type { Alert, AlertRule } from "./alertState.js";

/** What the state machine sees when it decides: the newest state, durable or not. */
export interface Head {
  session(sessionId: string): Session | undefined;
  execution(commandId: string): Execution | undefined;
  readonly things: ThingsHead;
  readonly sessionCount: number;
  /** Commands that are not over. */
  readonly liveCount: number;
}

/** What there is beside sessions and commands, at head. */
export interface ThingsHead {
  readonly templates: HeadOf<Template>;
  readonly invocations: HeadOfOwned<Invocation>;
  readonly chains: HeadOf<Chain>;
  readonly alertRules: HeadOf<AlertRule>;
  readonly alerts: HeadOfOwned<Alert>;
}

/** The things of one kind, by their ids. */
export interface HeadOf<Thing> {
  head(id: string): Thing | undefined;
  readonly headSize: number;
}

/** The same for a kind whose things belong to sessions. */
export interface HeadOfOwned<Thing> extends HeadOf<Thing> {
  /** Those of one session, oldest first. */
  headOf(sessionId: string): Iterable<Thing>;
}

/** Events to be journaled as one record; none where nothing changes; or a refusal. */
export type Decision = { readonly events: readonly Event[] } | Refused;

export interface Refused {
  readonly refusal: Refusal;
}

/** Nothing changes. */
export const NOTHING: Decision = { events: [] };

export function happened(...events: readonly Event[]): Decision {
  return { events };
}

export function refuse(
  type: Refusal["type"],
  message: string,
  more: { hint?: string; details?: Record<string, unknown> } = {},
): Refused {
  return { refusal: { type, message, ...more } };
}

export function limitReached(limit: string, bound: number, message: string, hint?: string): Refused {
  return refuse("limit_reached", message, {
    ...(hint === undefined ? {} : { hint }),
    details: { limit, bound },
  });
}

export function sessionNotFound(sessionId: string): Refused {
  return refuse("session_not_found", `There is no session "${sessionId}".`, {
    hint: "session/list shows those that there are",
  });
}

export function commandNotFound(commandId: string): Refused {
  return refuse("command_not_found", `There is no command "${commandId}".`, {
    hint: "command/list shows those that there are",
  });
}

/** Refuses what only a session that takes work can have. */
export function sessionNotActive({ sessionId, status }: Session): Refused {
  return refuse("session_not_active", `Session "${sessionId}" is ${status}.`, {
    hint: status === "paused" ? "session/resume makes it active" : "create a new session",
    details: { status },
  });
}
