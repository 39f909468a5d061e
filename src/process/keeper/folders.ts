import { readdir } from "node:fs/promises";

import { removeFolder } from "../../disk/remove.js";

/** The names of the folders of commands in `runningDir`; none where that is not there. */
export async function listFolders(runningDir: string): Promise<string[]> {
  return readdir(runningDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return [];
  });
}

/** Removes the folder of a command of which nothing is left. One that is not there is fine. */
export async function removeCommandFolder(runningDir: string, name: string): Promise<void> {
  await removeFolder(runningDir, name).catch(ignoreMissing);
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
