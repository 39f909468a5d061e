import { readlink } from "node:fs/promises";
import { dirname } from "node:path";

import { ensurePrivateFolder } from "../disk/folder.js";
import { pointSymlink } from "../disk/symlink.js";
import { type FolderOwner, invocationLinkPath } from "./places.js";

/**
 * Links from a session's own folder to what a tool has of an invocation. What the path points to is not looked at:
 * it may be anything, also nothing yet.
 *
 * @throws where something other than a link lies in its place, which stays there
 */
export async function linkInvocation(
  contentDir: string,
  owner: FolderOwner,
  invocationId: string,
  path: string,
): Promise<void> {
  const link = invocationLinkPath(contentDir, owner, invocationId);
  await ensurePrivateFolder(dirname(link));
  if ((await readlink(link).catch(() => undefined)) === path) return;
  await pointSymlink(link, path);
}
