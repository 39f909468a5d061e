import { RefusalError } from "../protocol/errors.js";
import type { SessionShape } from "../protocol/types.js";
import type { Clock } from "../schedule/clock.js";
import type { Command, ExpiredLimit } from "../session/commands.js";
import { type DeadlineTimes, nextDeadline } from "../session/deadline.js";
import type { Session } from "../session/state.js";
import { isEnded } from "../session/state.js";
import type { Beats } from "./beats.js";

interface LimitsParts {
  readonly clock: Clock;
  readonly beats: Beats;
  /** Records what the daemon decides of its own. */
  readonly record: (command: Command) => Promise<unknown>;
}

/** The limits of sessions, held against the clock and the heartbeats. */
export class Limits {
  readonly #parts: LimitsParts;

  constructor(parts: LimitsParts) {
    this.#parts = parts;
  }

  /** Somebody still cares for the session; answers its status. @throws RefusalError where it has ended */
  heartbeat({ sessionId, status }: Session): SessionShape["status"] {
    if (isEnded(status)) {
      const message = `Session "${sessionId}" has ended (${status}): it needs no heartbeat.`;
      throw new RefusalError({ type: "session_not_active", message, details: { status } });
    }
    this.#parts.beats.beat(sessionId);
    return status;
  }

  /** What a session's limits are held against now. */
  times({ sessionId, status, config }: Session): DeadlineTimes {
    const { clock, beats } = this.#parts;
    // To ask makes an entry, so it is asked only where a beat is awaited: nobody would forget one of an ended session.
    const isAwaited = status === "active" && config.heartbeatTimeoutMs > 0;
    const beatUp = isAwaited ? beats.since(sessionId) : 0;
    return { at: clock.nowMs(), up: clock.upMs(), beatUp };
  }

  /** The limit of a session that runs out first, and what is left of it; undefined where none is in force. */
  nextDeadline(session: Session): { readonly limit: ExpiredLimit; readonly leftMs: number } | undefined {
    return nextDeadline(session, this.times(session));
  }

  /** The wall time at which that limit runs out if nothing happens until then. */
  dueMs(session: Session): number | undefined {
    const times = this.times(session);
    const due = nextDeadline(session, times);
    return due === undefined ? undefined : times.at + due.leftMs;
  }

  /** Ends a session whose limit has run out; resolves when that is durable. */
  async expire({ sessionId, config }: Session, limit: ExpiredLimit): Promise<void> {
    const limits = {
      idle: config.idleTimeoutMs,
      lifetime: config.lifetimeMs,
      heartbeat: config.heartbeatTimeoutMs,
    };
    await this.#parts.record({ type: "session/expire", sessionId, limit, afterMs: limits[limit] });
  }
}
