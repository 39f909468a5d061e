import { createHash } from "node:crypto";
import { constants } from "node:fs";

import { diskOperations, type DiskOperations } from "./operations.js";
import { PendingFile } from "./pendingFile.js";

const CHUNK_BYTES = 512 * 1024;
/** A link is not followed, and a pipe that somebody put there does not hold the reader up. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** What tells the content of a file from every other. */
export interface FileDigest {
  readonly sizeBytes: number;
  /** In lower-case hex. */
  readonly sha256: string;
}

export interface CopyOptions {
  /** Looks at no more than so much from the start of the file; all of it if absent. */
  readonly maxBytes?: number | undefined;
  /** Ends the work between two chunks, by throwing its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly operations?: DiskOperations;
}

/**
 * Copies a file, or the beginning of it, to a new one with mode 0600 that gets its name when it is on the disk; the
 * name itself is durable once the folder has been synced. A file that is shorter than `maxBytes` is copied as it is.
 * Answers the digest of what was written.
 *
 * @throws Node's own errors, ENOENT where there is no such file
 */
export async function copyFile(from: string, to: string, options: CopyOptions = {}): Promise<FileDigest> {
  const { operations = diskOperations } = options;
  const source = await operations.open(from, READ_FLAGS);
  try {
    const target = await PendingFile.create(to, 0o600, operations);
    try {
      const digest = await readThrough(source, (bytes) => target.write(bytes), options);
      await target.publishUnsynced();
      await target.close();
      return digest;
    } catch (error) {
      await target.discard();
      throw error;
    }
  } finally {
    await operations.close(source);
  }
}

/** The digest of a file, or of the beginning of it. @throws Node's own errors */
export async function digestFile(path: string, options: CopyOptions = {}): Promise<FileDigest> {
  const { operations = diskOperations } = options;
  const fd = await operations.open(path, READ_FLAGS);
  try {
    return await readThrough(fd, () => Promise.resolve(), options);
  } finally {
    await operations.close(fd);
  }
}

/** Reads a chunk at a time, so that neither memory nor the loop feels how long the file is. */
async function readThrough(
  fd: number,
  take: (bytes: Uint8Array) => Promise<void>,
  { maxBytes = Number.POSITIVE_INFINITY, signal, operations = diskOperations }: CopyOptions,
): Promise<FileDigest> {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let sizeBytes = 0;
  while (sizeBytes < maxBytes) {
    signal?.throwIfAborted();
    const wanted = Math.min(chunk.length, maxBytes - sizeBytes);
    const count = await operations.read(fd, chunk, 0, wanted, sizeBytes);
    if (count === 0) break;
    const bytes = chunk.subarray(0, count);
    hash.update(bytes);
    await take(bytes);
    sizeBytes += count;
  }
  return { sizeBytes, sha256: hash.digest("hex") };
}
