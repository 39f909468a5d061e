import { constants } from "node:fs";

import { readFully } from "./lines.js";
import { diskOperations, type DiskOperations } from "./operations.js";

/** What lies at a path is not what can be read from there: the message says what it is instead. */
export class NotReadableAsFileError extends Error {
  override readonly name = "NotReadableAsFileError";
}

/**
 * Reads a whole file that anybody may have put there: a regular one, of no more than `maxBytes`. A symbolic link
 * is not followed, and a pipe does not hold the reader up.
 *
 * @throws {NotReadableAsFileError} where it is something else or too long; Node's own errors (ENOENT, EACCES, …)
 */
export async function readWholeFile(
  path: string,
  maxBytes: number,
  operations: DiskOperations = diskOperations,
): Promise<Buffer> {
  const found = await operations.lstat(path);
  if (found.isSymbolicLink()) throw new NotReadableAsFileError("it is a symbolic link");
  if (!found.isFile()) throw new NotReadableAsFileError("it is not a file");
  if (found.size > maxBytes) {
    throw new NotReadableAsFileError(`it has ${found.size} bytes, and ${maxBytes} are allowed`);
  }
  // It may have been replaced since: the flags hold for what is opened now.
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = await operations.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    return await readFully(operations, { path, fd }, 0, found.size);
  } finally {
    await operations.close(fd);
  }
}
