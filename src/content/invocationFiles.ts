import { join } from "node:path";

import { writeFileAtomic } from "../disk/atomic.js";
import { ensurePrivateFolder } from "../disk/folder.js";
import { diskOperations } from "../disk/operations.js";
import { removePending } from "../disk/pendingFile.js";
import { type FolderOwner, folderName } from "./places.js";

/** What the two files say; how it is put is the business of others. */
export interface InvocationFiles {
  /** `metadata.json`: the session, with the totals of what was invoked in it. */
  readonly metadata: object;
  /** `invocations.json`: the ids of what was invoked, oldest first. */
  readonly invocationIds: readonly string[];
}

/**
 * Writes `metadata.json` and `invocations.json` into the session's own folder, each as a whole, and removes what a crash
 * left of earlier ones. One at a time in a folder.
 */
export async function writeInvocationFiles(
  contentDir: string,
  owner: FolderOwner,
  { metadata, invocationIds }: InvocationFiles,
): Promise<void> {
  const folder = join(contentDir, folderName(owner));
  await ensurePrivateFolder(folder);
  for (const [name, value] of [
    ["metadata.json", metadata],
    ["invocations.json", invocationIds],
  ] as const) {
    const text = `${JSON.stringify(value, undefined, 2)}\n`;
    const path = join(folder, name);
    await removePending(path, diskOperations);
    await writeFileAtomic(path, text, { leaveFolderUnsynced: true });
  }
}
