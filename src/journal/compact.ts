import { syncFolder } from "../disk/folder.js";
import { exists, type DiskOperations } from "../disk/operations.js";
import { removeFile } from "../disk/remove.js";
import { listNumbered, tornPath } from "./names.js";
import type { Segment } from "./segment.js";

/** Who still needs records, and for how long they are kept without a need. */
export interface CompactLimits {
  /** Everything at or before it is in the older of the two snapshots. */
  readonly snapshotSeq: number;
  /** Everything at or before it has been read by all open reads. Asked each time: one may begin at any moment. */
  readonly readThroughSeq: () => number;
  readonly keepMs: number;
  readonly keepBytes: number;
  readonly nowMs: number;
  /** Ends it before the next removal; what is left goes after the next snapshot. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Removes the oldest segments as long as nobody needs them, and torn tails from before what is left. One at a
 * time, each removal durable before the next, so that a crash never leaves a gap. The list shrinks with the
 * files.
 */
export async function compact(
  journalDir: string,
  segments: Segment[],
  limits: CompactLimits,
  operations: DiskOperations,
): Promise<void> {
  // An earlier removal may have been cut short before its sync.
  if (isNeedless(segments, limits)) await syncFolder(journalDir, operations);
  for (let oldest = segments[0]; oldest && isNeedless(segments, limits); oldest = segments[0]) {
    if (limits.signal?.aborted === true) return;
    // Off the list first: no new read may begin in it. Back onto it if it stays, or the next one would go alone.
    segments.shift();
    try {
      await removeFile(oldest.path, operations);
    } catch (error) {
      // It may be its sync alone that failed; a file that is gone must not be read from again.
      if (await exists(oldest.path, operations).catch(() => true)) segments.unshift(oldest);
      throw error;
    }
  }
  const { torn } = await listNumbered(journalDir, operations);
  for (const seq of torn) {
    if (seq < (segments[0]?.first ?? 0)) await removeFile(tornPath(journalDir, seq), operations);
  }
}

/** Whether the oldest segment can go. The last one never can: it is open. */
function isNeedless([oldest, next, ...later]: readonly Segment[], limits: CompactLimits): boolean {
  if (oldest === undefined || next === undefined) return false;
  const lastSeq = next.first - 1;
  if (lastSeq > limits.snapshotSeq || lastSeq > limits.readThroughSeq()) return false;
  const laterBytes = [next, ...later].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return laterBytes >= limits.keepBytes || limits.nowMs - oldest.lastAtMs >= limits.keepMs;
}
