import { constants } from "node:fs";
import { dirname, resolve } from "node:path";
import { diskOperations, exists, hasCode, type DiskOperations } from "./operations.js";

/**
 * Makes sure that a folder is there and is the user's own: created with mode 0700 where it is missing, else
 * checked. Throws an Error that says what is wrong with it and what to do: not a folder, a symlink, owned by
 * somebody else, writable by others. Everything that the daemon trusts lies in such folders.
 */
export async function ensurePrivateFolder(
  path: string,
  operations: DiskOperations = diskOperations,
): Promise<void> {
  await makeFolder(resolve(path), operations);
  const found = await operations.lstat(path);
  if (found.isSymbolicLink()) {
    throw new Error(
      `${path} is a symbolic link. Replace it by a folder, or configure the folder it points to.`,
    );
  }
  if (!found.isDirectory()) throw notAFolder(path);
  const me = process.getuid?.();
  if (me !== undefined && found.uid !== me) {
    throw new Error(
      `${path} belongs to user ${found.uid}, not to you (${me}). Take it over with chown, or configure another folder.`,
    );
  }
  if ((found.mode & 0o022) !== 0) {
    throw new Error(`${path} can be written by other users. Run: chmod go-w '${path}'`);
  }
}

/**
 * Makes creations, renames and removals in a folder durable. ext4 hides that it is missing; others do not.
 */
export async function syncFolder(path: string, operations: DiskOperations = diskOperations): Promise<void> {
  const fd = await operations.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await operations.fsync(fd);
  } finally {
    await operations.close(fd);
  }
}

/**
 * Makes a folder and what it lies in, from the top down, each durable before the next: it is an entry of its parent.
 * Node's `recursive` would never come back where the system says ENOENT below a folder that is there, as in /proc.
 */
async function makeFolder(path: string, operations: DiskOperations): Promise<void> {
  for (const folder of await missingFolders(path, operations)) {
    try {
      await operations.mkdir(folder, { mode: 0o700 });
    } catch (error) {
      if (hasCode(error, "ENOTDIR")) throw notAFolder(dirname(folder));
      // Somebody else was faster; what it is shows when it is looked at.
      if (!hasCode(error, "EEXIST")) throw error;
    }
    await syncFolder(dirname(folder), operations);
  }
}

/** The folder and those above it that are not there, the topmost first. */
async function missingFolders(path: string, operations: DiskOperations): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let folder = path; !(await isThere(folder, operations)); folder = dirname(folder))
    missing.unshift(folder);
  return missing;
}

/** Below something that is not a folder there is nothing. */
async function isThere(path: string, operations: DiskOperations): Promise<boolean> {
  try {
    return await exists(path, operations);
  } catch (error) {
    if (hasCode(error, "ENOTDIR")) return false;
    throw error;
  }
}

function notAFolder(path: string): Error {
  return new Error(`${path} is not a folder. Move it away, or configure another one.`);
}
