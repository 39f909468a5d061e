import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { syncFolder } from "../disk/folder.js";
import { hasCode } from "../disk/operations.js";
import { moveFolderNow, removeTree } from "../disk/remove.js";

/** Beside the folders of sessions, on the same file system. No id begins with a dot, so it is no session's. */
export const STAGING = ".staged";
const TOKEN = /^[0-9a-f]{32}$/;

/**
 * Makes what was staged below `root` the folder of that name there, in this very turn; one that is there already stays as
 * it is. Durable once {@link syncStaging} came back.
 *
 * @throws what the system says where it cannot be moved
 */
export function placeStaged(root: string, token: string, name: string): void {
  if (!TOKEN.test(token))
    throw new Error(`The staged folder ${JSON.stringify(token)} is none of this daemon's.`);
  moveFolderNow(join(root, STAGING, token), join(root, name));
}

/** Makes durable what was placed. */
export async function syncStaging(root: string): Promise<void> {
  // First where they are now: after a power cut one may be in both places or in one, and never in none.
  await syncFolder(root);
  await syncFolder(join(root, STAGING)).catch((error: unknown) => {
    if (!hasCode(error, "ENOENT")) throw error;
  });
}

/** Removes all that was staged below `root`. */
export async function removeAllStaged(root: string): Promise<void> {
  const staging = join(root, STAGING);
  let names: string[];
  try {
    names = await readdir(staging);
  } catch (error) {
    // Where there is no such folder, nothing is in it; why there is none is told by whoever needs it.
    if (hasCode(error, "ENOENT", "ENOTDIR")) return;
    throw error;
  }
  for (const name of names) await removeTree(staging, name);
}

/** Removes what was staged under a token. Never rejects: the next start removes what is left. */
export async function discardStaged(root: string, token: string): Promise<void> {
  await removeTree(join(root, STAGING), token).catch(() => undefined);
}
