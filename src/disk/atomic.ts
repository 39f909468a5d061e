import { diskOperations, type DiskOperations } from "./operations.js";
import { PendingFile } from "./pendingFile.js";

export interface AtomicOptions {
  /** Permissions of the file, 0600 if absent. */
  readonly mode?: number;
  /**
   * Whether a crash of the machine may bring the old file back, until the folder is synced. For whoever writes
   * many files and syncs their folder once. False if absent.
   */
  readonly leaveFolderUnsynced?: boolean;
  /**
   * Whether a crash of the machine may leave the file old, empty or broken: nothing is synced. For whoever checks what it
   * reads, and can do without it. False if absent.
   */
  readonly isExpendable?: boolean;
  readonly operations?: DiskOperations;
}

/**
 * Writes a whole file so that its name always leads to the old content or the new, also after a power loss: a
 * temporary file in the same folder, fsync, rename, fsync of the folder. The temporary file is removed on
 * failure.
 */
export function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  options: AtomicOptions = {},
): Promise<void> {
  return writePiecesAtomic(path, [content], options);
}

/**
 * The same for a file that is made piece by piece: the loop turns after each, and no two are in memory. A piece that
 * cannot be made fails the whole.
 */
export async function writePiecesAtomic(
  path: string,
  pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  options: AtomicOptions = {},
): Promise<void> {
  const { mode = 0o600, operations = diskOperations } = options;
  const { leaveFolderUnsynced = false, isExpendable = false } = options;
  const file = await PendingFile.create(path, mode, operations);
  try {
    for await (const piece of pieces)
      await file.write(typeof piece === "string" ? Buffer.from(piece) : piece);
    if (isExpendable) await file.publishUnsafe();
    else await (leaveFolderUnsynced ? file.publishUnsynced() : file.publish());
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.close();
}
