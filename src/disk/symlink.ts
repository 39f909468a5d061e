import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { syncFolder } from "./folder.js";
import { diskOperations, hasCode, type DiskOperations } from "./operations.js";

/** Nothing may be lost to a link: whatever else lies at its path stays there. */
async function refuseAnythingElse(path: string, operations: DiskOperations): Promise<void> {
  try {
    if ((await operations.lstat(path)).isSymbolicLink()) return;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  const refusal = new Error(`${path} is not a symbolic link. Move it away: a link has to lie there.`);
  throw Object.assign(refusal, { code: "EEXIST", path });
}

/**
 * Makes `path` a symbolic link to `target` (kept as given, so a relative one stays relative to the link). A
 * reader finds the old target or the new one and never nothing; when this returns, the link survives a power
 * cut. Throws `EEXIST` when something other than a symbolic link lies at `path`, else what the system says.
 */
export async function pointSymlink(
  path: string,
  target: string,
  operations: DiskOperations = diskOperations,
): Promise<void> {
  await refuseAnythingElse(path, operations);
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  await operations.symlink(target, temporary);
  try {
    await operations.rename(temporary, path);
  } catch (error) {
    // The failure of the rename is the one to tell; a leftover of this name is in nobody's way.
    await operations.unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path), operations);
}
