import { diskOperations, type DiskOperations } from "./operations.js";
import { PendingFile } from "./pendingFile.js";

export interface AtomicOptions {
  /** Permissions of the file, 0600 if absent. */
  readonly mode?: number;
  readonly operations?: DiskOperations;
}

/**
 * Writes a whole file so that its name always leads to the old content or the new, also after a power loss: a
 * temporary file in the same folder, fsync, rename, fsync of the folder. The temporary file is removed on
 * failure.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  options: AtomicOptions = {},
): Promise<void> {
  const { mode = 0o600, operations = diskOperations } = options;
  const file = await PendingFile.create(path, mode, operations);
  try {
    await file.write(typeof content === "string" ? Buffer.from(content) : content);
    await file.publish();
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.close();
}
