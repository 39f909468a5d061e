import { readFile } from "node:fs/promises";

import { writeFileAtomic } from "../disk/atomic.js";
import { diskOperations } from "../disk/operations.js";
import { removePending } from "../disk/pendingFile.js";

/**
 * The cumulative up-time that a file remembers, in milliseconds; 0 when it is missing, damaged or unreadable. That is
 * no loss: the journal's records carry the up-time as well, and the greater of the two is the one to go on from. What a
 * crash left half written beside it is removed.
 */
export async function readUptime(path: string): Promise<number> {
  await removePending(path, diskOperations).catch(() => undefined);
  try {
    const content: unknown = JSON.parse(await readFile(path, "utf8"));
    const upMs = (content as { upMs?: unknown } | null)?.upMs;
    return typeof upMs === "number" && Number.isFinite(upMs) && upMs >= 0 ? upMs : 0;
  } catch {
    return 0;
  }
}

/**
 * Remembers the up-time. The file is written anew, synced and renamed: at one write in ten seconds the sync is not
 * felt, and without it a power cut may leave an empty file behind, which would be an up-time of 0.
 * Rejects when the disk refuses.
 */
export async function writeUptime(path: string, upMs: number): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify({ upMs: Math.round(upMs) })}\n`, { mode: 0o600 });
}
