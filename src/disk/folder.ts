import { constants } from "node:fs";
import { dirname, resolve } from "node:path";
import { diskOperations, type DiskOperations } from "./operations.js";

/**
 * Makes sure that a folder is there and is the user's own: created with mode 0700 where it is missing, else
 * checked. Throws an Error that says what is wrong with it and what to do: not a folder, a symlink, owned by
 * somebody else, writable by others. Everything that the daemon trusts lies in such folders.
 */
export async function ensurePrivateFolder(
  path: string,
  operations: DiskOperations = diskOperations,
): Promise<void> {
  const made = await operations.mkdir(path, { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncParents(resolve(made), resolve(path), operations);
  const found = await operations.lstat(path);
  if (found.isSymbolicLink()) {
    throw new Error(
      `${path} is a symbolic link. Replace it by a folder, or configure the folder it points to.`,
    );
  }
  if (!found.isDirectory())
    throw new Error(`${path} is not a folder. Move it away, or configure another one.`);
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

/** A new folder is an entry of its parent: from the first that was made down to the last. */
async function syncParents(firstMade: string, last: string, operations: DiskOperations): Promise<void> {
  for (let made = last; ; made = dirname(made)) {
    await syncFolder(dirname(made), operations);
    if (made === firstMade) return;
  }
}
