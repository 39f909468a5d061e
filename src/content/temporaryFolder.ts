import { readdir } from "node:fs/promises";

import { ensurePrivateFolder } from "../disk/folder.js";
import { removeTree } from "../disk/remove.js";

/**
 * Makes the folder for what need not last, and empties it: whatever lies in it was left by a daemon that is gone.
 * A symbolic link in it is removed, and not what it points to.
 *
 * @throws where the folder is not the user's own, or is a symbolic link itself
 */
export async function openTemporaryFolder(path: string): Promise<void> {
  await ensurePrivateFolder(path);
  for (const name of await readdir(path)) await removeTree(path, name);
}
