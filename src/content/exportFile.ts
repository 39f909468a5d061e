import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";

import { writePiecesAtomic } from "../disk/atomic.js";
import { exists, diskOperations, hasCode } from "../disk/operations.js";

/** A file cannot be written where it is wanted: the message says why. */
export class ExportFileError extends Error {
  override readonly name = "ExportFileError";
}

/** What the system says where the place, or the room in it, is the matter. */
const OF_THE_PLACE = [
  "EACCES",
  "EDQUOT",
  "EFBIG",
  "ELOOP",
  "ENAMETOOLONG",
  "ENOENT",
  "ENOSPC",
  "ENOTDIR",
  "EPERM",
  "EROFS",
];

/**
 * Writes a file of the user's own that is not there yet, with mode 0600: whole or not at all, also on a crash of the
 * machine. Answers its size in bytes.
 *
 * @param dataDir where no such file may lie: one that looks like the daemon's own would be taken for it.
 * @throws {ExportFileError} where it cannot be written there; and whatever the pieces throw
 */
export async function writeExportFile(
  path: string,
  dataDir: string,
  pieces: AsyncIterable<string | Uint8Array>,
): Promise<number> {
  let sizeBytes = 0;
  try {
    const place = await placeOf(path, dataDir);
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of pieces) {
        const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
        sizeBytes += bytes.length;
        yield bytes;
      }
      // It may have taken long, and somebody may have come first.
      await mustBeFree(place);
    };
    await writePiecesAtomic(place, counted());
    return sizeBytes;
  } catch (error) {
    if (!hasCode(error, ...OF_THE_PLACE)) throw error;
    throw new ExportFileError(`${path} cannot be written: ${(error as Error).message}.`, { cause: error });
  }
}

/** Where the file will lie, without links on the way. */
async function placeOf(path: string, dataDir: string): Promise<string> {
  const folder = dirname(resolve(path));
  const parent = await realpath(folder).catch((error: unknown) => {
    throw hasCode(error, "ENOENT", "ENOTDIR") ? new ExportFileError(`There is no folder ${folder}.`) : error;
  });
  if (!(await lstat(parent)).isDirectory()) throw new ExportFileError(`${folder} is no folder.`);
  const place = join(parent, basename(resolve(path)));
  // Both without links: two names of one folder must not look like two folders.
  if (`${place}${sep}`.startsWith(`${await realpath(dataDir)}${sep}`)) {
    throw new ExportFileError(`${path} lies in the data folder, which is the daemon's own.`);
  }
  await mustBeFree(place);
  return place;
}

/** Links are not followed: what one points to may be anything. */
async function mustBeFree(place: string): Promise<void> {
  if (await exists(place, diskOperations)) {
    throw new ExportFileError(`${place} is there already, and nothing is written over.`);
  }
}
