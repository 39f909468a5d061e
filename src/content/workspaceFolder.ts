import type { BigIntStats } from "node:fs";
import { lstat, mkdir, readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";

import { writeFileAtomic } from "../disk/atomic.js";
import { syncFolder } from "../disk/folder.js";
import { diskOperations, exists, hasCode } from "../disk/operations.js";
import { removeFile, removeTree } from "../disk/remove.js";
import { NotReadableAsFileError, readWholeFile } from "../disk/readWhole.js";

/** What tells one folder from every other that may come to have its name. */
export interface FolderIdentity {
  readonly dev: string;
  readonly ino: string;
}

/** The file that says for which workspace a folder was made. In a worktree it lies where git keeps its own. */
const MARKER = ".sessiond-workspace";

/** A folder cannot be made or taken where it was asked for. The message says why. */
export class WorkspaceFolderError extends Error {
  override readonly name = "WorkspaceFolderError";
}

/**
 * Makes a new folder with mode 0700, durably, and answers its path without links.
 *
 * @param keepOut the data folder, which is no place for anybody's work but its own workspaces
 * @throws {WorkspaceFolderError} where something is there, or nothing that it could lie in
 */
export async function makeFolder(
  path: string,
  keepOut?: string,
): Promise<{ readonly path: string; readonly identity: FolderIdentity }> {
  const parent = await parentOf(path);
  const place = join(parent, basename(resolve(path)));
  if (keepOut !== undefined && `${place}${sep}`.startsWith(`${await realpath(keepOut)}${sep}`))
    throw new WorkspaceFolderError(`${path} lies in the data folder`);
  try {
    await mkdir(place, { mode: 0o700 });
  } catch (error) {
    if (hasCode(error, "EEXIST")) throw new WorkspaceFolderError(`there is something at ${path} already`);
    throw new WorkspaceFolderError(`${path} cannot be made (${(error as Error).message})`);
  }
  await syncFolder(parent);
  return { path: place, identity: identityOf(await lstat(place, { bigint: true })) };
}

/** Writes the marker into a folder: the one that was made, or git's own of a worktree. */
export async function mark(folder: string, token: string): Promise<void> {
  await writeFileAtomic(join(folder, MARKER), `${token}\n`);
}

/** Whether the folder has the marker of that workspace. A link is not followed. */
export async function isMarked(folder: string, token: string): Promise<boolean> {
  try {
    return (await readWholeFile(join(folder, MARKER), 1_024)).toString("utf8").trim() === token;
  } catch (error) {
    if (error instanceof NotReadableAsFileError || hasCode(error, "ENOENT", "ENOTDIR", "ELOOP")) return false;
    throw error;
  }
}

/** Takes the marker off a folder that stays: from now on it is whose it is. */
export async function unmark(folder: string): Promise<void> {
  await removeFile(join(folder, MARKER));
}

/** What lies at a path now: the very folder, nothing, or something else, links included. */
export async function lookAt(path: string, identity: FolderIdentity): Promise<"ours" | "missing" | "other"> {
  try {
    const found = await lstat(path, { bigint: true });
    const { dev, ino } = identityOf(found);
    return found.isDirectory() && dev === identity.dev && ino === identity.ino ? "ours" : "other";
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return "missing";
    throw error;
  }
}

/** Whether anything lies at a path. */
export function isThere(path: string): Promise<boolean> {
  return exists(path, diskOperations);
}

/** Whether there is nothing in a folder but the marker. */
export async function isEmpty(path: string): Promise<boolean> {
  return (await readdir(path)).every((name) => name === MARKER);
}

/** Removes a folder with all that is in it, following no link. */
export async function removeFolder(path: string): Promise<void> {
  await removeTree(dirname(path), basename(path));
}

async function parentOf(path: string): Promise<string> {
  try {
    const parent = await realpath(dirname(resolve(path)));
    if ((await lstat(parent)).isDirectory()) return parent;
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR", "ELOOP", "EACCES")) throw error;
  }
  throw new WorkspaceFolderError(`there is no folder that ${path} could lie in`);
}

function identityOf({ dev, ino }: BigIntStats): FolderIdentity {
  return { dev: String(dev), ino: String(ino) };
}
