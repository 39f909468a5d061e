import { statSync } from "node:fs";
import { readdir } from "node:fs/promises";

import { ensurePrivateFolder } from "../disk/folder.js";
import { hasCode } from "../disk/operations.js";
import { removeFile, removeTree } from "../disk/remove.js";
import { folderName, outputPaths, type FolderOwner } from "./places.js";

/** Makes the folder for the output of a session's commands, and says where one of them writes. */
export async function prepareOutput(
  contentDir: string,
  owner: FolderOwner,
  commandId: string,
): Promise<{ readonly stdoutPath: string; readonly stderrPath: string }> {
  const paths = outputPaths(contentDir, owner, commandId);
  await ensurePrivateFolder(paths.folder);
  return paths;
}

/**
 * How much a command has written by now; a file that is not there has nothing. Synchronous, so that many can be
 * looked at in one moment.
 */
export function outputBytesNow(
  contentDir: string,
  owner: FolderOwner,
  commandId: string,
): { readonly stdoutBytes: number; readonly stderrBytes: number } {
  const { stdoutPath, stderrPath } = outputPaths(contentDir, owner, commandId);
  const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return { stdoutBytes: size(stdoutPath), stderrBytes: size(stderrPath) };
}

/** Removes the output of a command that is no longer listed. */
export async function removeOutput(contentDir: string, owner: FolderOwner, commandId: string): Promise<void> {
  const { stdoutPath, stderrPath } = outputPaths(contentDir, owner, commandId);
  await removeFile(stdoutPath);
  await removeFile(stderrPath);
}

/** Those of the owners that keep something on disk. */
export async function withContent(
  contentDir: string,
  owners: readonly FolderOwner[],
): Promise<FolderOwner[]> {
  if (owners.length === 0) return [];
  const names = new Set(await readdir(contentDir));
  return owners.filter((owner) => names.has(folderName(owner)));
}

/** Removes everything that a deleted session kept on disk, and nothing else. */
export async function removeContent(contentDir: string, owner: FolderOwner): Promise<void> {
  try {
    await removeTree(contentDir, folderName(owner));
  } catch (error) {
    // No session has kept anything yet, so there is not even the folder of all of them.
    if (!hasCode(error, "ENOENT")) throw error;
  }
}
