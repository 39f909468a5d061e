import type { Session } from "../session/state.js";
import { isEnded } from "../session/state.js";

/** Ages in milliseconds, counted from the end of a session; 0 is never. */
export interface RetentionAges {
  /** From when on an ended session is archived. */
  readonly archiveAfterMs: number;
  /** From when on an archived session is deleted. */
  readonly deleteAfterMs: number;
}

/** Ages at which nothing ever goes. */
export const NEVER: RetentionAges = { archiveAfterMs: 0, deleteAfterMs: 0 };

/**
 * What is to become of a session by its age at `nowMs`, wall time; undefined where it stays as it is. It is one step
 * at a time: what is to be archived is not deleted as well, so a deletion never comes without an archive before it.
 */
export function retentionStep(
  { status, endedAt, archivedAt, commands }: Session,
  { archiveAfterMs, deleteAfterMs }: RetentionAges,
  nowMs: number,
): "archive" | "delete" | undefined {
  if (!isEnded(status) || endedAt === undefined) return undefined;
  // Something of it still runs, and is being stopped.
  if (commands.running > 0) return undefined;
  const step = archivedAt === undefined ? "archive" : "delete";
  const afterMs = step === "archive" ? archiveAfterMs : deleteAfterMs;
  return afterMs > 0 && nowMs - endedAt >= afterMs ? step : undefined;
}
