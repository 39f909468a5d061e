import { constants } from "node:fs";
import { pipeline, Readable, type Transform } from "node:stream";
import { createGunzip, createGzip } from "node:zlib";

import { writePiecesAtomic } from "../disk/atomic.js";
import { diskOperations, hasCode, type DiskOperations } from "../disk/operations.js";

const CHUNK_BYTES = 512 * 1024;
/** A link is not followed, and a pipe that somebody put there does not hold the reader up. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A compressed file is not what was written: the message says which one. */
export class CompressedFileError extends Error {
  override readonly name = "CompressedFileError";
}

export interface CompressOptions {
  /** Asked between two pieces; the work is broken off where it throws. */
  readonly mustGoOn?: () => void;
  readonly operations?: DiskOperations;
}

/** Where the compressed form of a file lies: beside it. */
export function compressedPath(path: string): string {
  return `${path}.gz`;
}

/**
 * Writes the compressed form of a file beside it, whole and durable or not at all; one that is there is replaced. The
 * file itself stays as it is.
 *
 * As long as a file is there under its own name it is the one that counts, whatever lies beside it. So a crash
 * between this and the removal of the file loses nothing, and what comes to be written goes to the file.
 */
export async function compressFile(path: string, options: CompressOptions = {}): Promise<void> {
  const { operations = diskOperations } = options;
  const pieces = through(chunksOf(path, options), createGzip());
  await writePiecesAtomic(compressedPath(path), pieces, { operations });
}

/**
 * Makes a file of its compressed form, whole and durable or not at all. The compressed form stays.
 *
 * @param to where it is written; in place of the compressed one if absent
 * @throws {CompressedFileError} where the compressed form is damaged; Node's own errors, ENOENT where there is none
 */
export async function expandFile(
  path: string,
  options: CompressOptions & { readonly to?: string } = {},
): Promise<void> {
  const { operations = diskOperations, to = path } = options;
  const source = compressedPath(path);
  try {
    await writePiecesAtomic(to, through(chunksOf(source, options), createGunzip()), { operations });
  } catch (error) {
    if (!hasCode(error, "Z_DATA_ERROR", "Z_BUF_ERROR")) throw error;
    throw new CompressedFileError(`${source} is damaged: it cannot be decompressed.`, { cause: error });
  }
}

/** A file in pieces. */
async function* chunksOf(path: string, options: CompressOptions): AsyncGenerator<Uint8Array> {
  const { mustGoOn = () => undefined, operations = diskOperations } = options;
  const fd = await operations.open(path, READ_FLAGS);
  try {
    for (let position = 0; ;) {
      mustGoOn();
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const count = await operations.read(fd, chunk, 0, chunk.length, position);
      if (count === 0) return;
      position += count;
      yield chunk.subarray(0, count);
    }
  } finally {
    await operations.close(fd);
  }
}

/**
 * The pieces after a transformation. An error of either side ends the other, and is thrown to whoever reads. It begins
 * when it is read: an error before that would find nobody.
 */
async function* through(pieces: AsyncIterable<Uint8Array>, transform: Transform): AsyncGenerator<Uint8Array> {
  // What went wrong is thrown by the transform, which the pipeline destroys with it; a second error says no more.
  transform.on("error", () => undefined);
  pipeline(Readable.from(pieces), transform, () => undefined);
  yield* transform as AsyncIterable<Uint8Array>;
}
