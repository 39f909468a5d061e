import { renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { syncFolder } from "./folder.js";
import { diskOperations, hasCode, type DiskOperations } from "./operations.js";

/** Removes a file durably. One that is not there is fine, and then its absence is durable. */
export async function removeFile(path: string, operations: DiskOperations = diskOperations): Promise<void> {
  await absentIsFine(operations.unlink(path));
  await absentIsFine(syncFolder(dirname(path), operations));
}

async function absentIsFine(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

/** Gives a file another name in the same folder, durably; what had that name is replaced. */
export async function renameFile(
  from: string,
  to: string,
  operations: DiskOperations = diskOperations,
): Promise<void> {
  await operations.rename(from, to);
  await syncFolder(dirname(to), operations);
}

/**
 * Moves a file or a folder of that name from one folder into another one on the same file system, durably. What has
 * the name there must be a file or an empty folder like it, and is replaced.
 */
export async function moveInto(
  folder: string,
  from: string,
  name: string,
  operations: DiskOperations = diskOperations,
): Promise<void> {
  await operations.rename(join(from, name), join(folder, name));
  // First where it is now: after a power cut it may be in both places or in one, and never in none.
  await syncFolder(folder, operations);
  await syncFolder(from, operations);
}

/**
 * Gives a folder another place on the same file system, in this very turn: nobody else in this process sees the time
 * between. It is durable once both of the folders that it was moved between have been synced. An empty folder that is
 * there already is replaced; answers false where there is nothing to be moved.
 */
export function moveFolderNow(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

/**
 * Removes the folder `child`, with everything in it, durably. It must lie directly under `root`: `child` is
 * one name, never a path, so no id however made leads out of `root`. Symlinks are not followed: `root` must
 * not be one, and one inside is removed itself, not what it points to. A child that is not there is fine.
 */
export async function removeTree(
  root: string,
  child: string,
  operations: DiskOperations = diskOperations,
): Promise<void> {
  await removeFolder(root, child, operations);
  await syncFolder(root, operations);
}

/** The same, and not durable: after a crash of the machine it may be there again. For what its owner looks for anyway. */
export async function removeFolder(
  root: string,
  child: string,
  operations: DiskOperations = diskOperations,
): Promise<void> {
  if (child === "" || child === "." || child === ".." || basename(child) !== child || child.includes("\0")) {
    throw new Error(`Refused to remove ${JSON.stringify(child)}: it is not the name of a folder in ${root}.`);
  }
  if (!(await operations.lstat(root)).isDirectory()) {
    throw new Error(`Refused to remove anything in ${root}: it is not a folder of its own.`);
  }
  await absentIsFine(operations.rm(join(root, child), { recursive: true }));
}
