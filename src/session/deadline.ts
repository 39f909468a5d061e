import type { ExpiredLimit } from "./commands.js";
import type { Session } from "./state.js";

/** The times that a session's limits are held against. */
export interface DeadlineTimes {
  /** Wall time, epoch milliseconds: lifetimes count by it. */
  readonly at: number;
  /** Cumulative up-time: idleness and heartbeats count by it, so time asleep is no idleness. */
  readonly up: number;
  /** Up-time of the last heartbeat, or of the moment from which one is expected. */
  readonly beatUp: number;
}

/** What is left of each limit that is in force, in milliseconds; at or below 0 it has run out. */
export interface Remaining {
  readonly idle?: number;
  readonly lifetime?: number;
  readonly heartbeat?: number;
}

/**
 * What is left of a session's limits. A paused session neither idles nor needs heartbeats, and one in
 * which a command runs is not idle.
 */
export function remaining(session: Session, times: DeadlineTimes): Remaining {
  const { config, status } = session;
  const left: { -readonly [K in keyof Remaining]: Remaining[K] } = {};
  if (status !== "active" && status !== "paused") return left;
  if (config.lifetimeMs > 0) left.lifetime = session.createdAt + config.lifetimeMs - times.at;
  if (status === "paused") return left;
  if (config.idleTimeoutMs > 0 && session.commands.running === 0) {
    left.idle = session.lastActivityUp + config.idleTimeoutMs - times.up;
  }
  if (config.heartbeatTimeoutMs > 0) left.heartbeat = times.beatUp + config.heartbeatTimeoutMs - times.up;
  return left;
}

/** The limit that runs out first, if any is in force. */
export function nextDeadline(
  session: Session,
  times: DeadlineTimes,
): { readonly limit: ExpiredLimit; readonly leftMs: number } | undefined {
  const { idle = Infinity, lifetime = Infinity, heartbeat = Infinity } = remaining(session, times);
  const leftMs = Math.min(idle, lifetime, heartbeat);
  if (leftMs === Infinity) return undefined;
  return { limit: leftMs === lifetime ? "lifetime" : leftMs === idle ? "idle" : "heartbeat", leftMs };
}
