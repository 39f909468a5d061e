import type { ExecutionStatus, SessionStatus } from "./state.js";

/** What can be done to a session, as far as its status is concerned. */
export type Move =
  | "work"
  | "edit"
  | "pause"
  | "resume"
  | "complete"
  | "fail"
  | "abandon"
  | "expire"
  | "pin"
  | "archive"
  | "unarchive"
  | "trash"
  | "untrash"
  | "delete";

const ended = {
  completed: "completed",
  failed: "failed",
  abandoned: "abandoned",
  timed_out: "timed_out",
} as const;

/**
 * The one table of what a session may do: from each status, by each move, to which status. What is not
 * in it is refused. A move to the status that the session has already changes nothing.
 */
export const TRANSITIONS: Readonly<Record<Move, Readonly<Partial<Record<SessionStatus, SessionStatus>>>>> = {
  work: { active: "active" },
  edit: { active: "active", paused: "paused" },
  pause: { active: "paused", paused: "paused" },
  resume: { active: "active", paused: "active" },
  complete: { active: "completed", paused: "completed", completed: "completed" },
  fail: { active: "failed", paused: "failed", failed: "failed" },
  abandon: { active: "abandoned", paused: "abandoned", abandoned: "abandoned" },
  expire: { active: "timed_out", paused: "timed_out" },
  // Both ways: whether a session is pinned has nothing to do with how it is.
  pin: { active: "active", paused: "paused", ...ended },
  archive: ended,
  unarchive: ended,
  trash: ended,
  untrash: ended,
  delete: ended,
};

/** The moves of a session in the trash. Everything else waits until it is taken out again. */
export const MOVES_IN_TRASH: ReadonlySet<Move> = new Set<Move>(["trash", "untrash", "delete"]);

/**
 * The same for a command: the statuses that may follow each. The end of a try may be the first that is heard
 * of it, so every final status may follow one in which nothing runs.
 */
export const EXECUTION_TRANSITIONS: Readonly<Record<ExecutionStatus, readonly ExecutionStatus[]>> = {
  starting: ["running", "backing_off", "succeeded", "failed", "timed_out", "cancelled", "lost"],
  running: ["backing_off", "succeeded", "failed", "timed_out", "cancelled", "lost"],
  backing_off: ["running", "backing_off", "succeeded", "failed", "timed_out", "cancelled", "lost"],
  succeeded: [],
  failed: [],
  timed_out: [],
  cancelled: [],
  lost: [],
};

/** The status after a move, or undefined where the move is not allowed. */
export function statusAfter(status: SessionStatus, move: Move): SessionStatus | undefined {
  return TRANSITIONS[move][status];
}
