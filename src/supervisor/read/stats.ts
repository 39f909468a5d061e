import type { Result } from "../../protocol/types.js";
import { remaining } from "../../session/deadline.js";
import type { Session } from "../../session/state.js";
import type { Supervisor } from "../supervisor.js";

/** Figures of one session, and what is left of its limits. */
export function showStats(supervisor: Supervisor, session: Session): Result<"session/stats"> {
  const { clock } = supervisor;
  const { sessionId, status, activities, commands, invocations, totals } = session;
  const at = clock.nowMs();
  const up = clock.upMs();
  const left = remaining(session, supervisor.limits.times(session));
  const whole = (ms: number): number => Math.max(0, Math.round(ms));
  return {
    sessionId,
    status,
    durationMs: whole((session.endedAt ?? at) - session.createdAt),
    idleMs: whole(up - session.lastActivityUp),
    activities,
    commands,
    invocations,
    totals,
    remaining: {
      ...(left.idle === undefined ? {} : { idleMs: whole(left.idle) }),
      ...(left.lifetime === undefined ? {} : { lifetimeMs: whole(left.lifetime) }),
      ...(left.heartbeat === undefined ? {} : { heartbeatMs: whole(left.heartbeat) }),
    },
  };
}
