import fs from "node:fs";
import { promisify } from "node:util";

/**
 * The calls of `node:fs` that reach the disk, in the narrow form in which this project uses them. Everything
 * in `disk/` and `journal/` goes through an object of this shape, so that a test can make any single call
 * fail. All of them reject or throw Node's own errors (`error.code` is "ENOSPC", "EIO", …).
 */
export interface DiskOperations {
  open(path: string, flags: number, mode?: number): Promise<number>;
  close(fd: number): Promise<void>;
  /** Answers how many bytes were read; 0 is the end of the file. */
  read(fd: number, into: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /** Answers how many bytes were written, which may be fewer than asked for. */
  write(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  writeSync(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number;
  ftruncate(fd: number, sizeBytes: number): Promise<void>;
  ftruncateSync(fd: number, sizeBytes: number): void;
  fsync(fd: number): Promise<void>;
  /** The one call with a callback: it is on the way of every write, and a promise more would be felt. */
  fdatasync(fd: number, done: (error: Error | null) => void): void;
  fdatasyncSync(fd: number): void;
  lstat(path: string): Promise<fs.Stats>;
  /** Makes one folder; what it lies in has to be there. */
  mkdir(path: string, options: { mode: number }): Promise<void>;
  readdir(path: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { recursive: true }): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  /** Bytes that this user may still write on the file system of the path. */
  freeBytes(path: string): Promise<number>;
  unlink(path: string): Promise<void>;
  unlinkSync(path: string): void;
}

const read = promisify(fs.read);
const write = promisify(fs.write);

/** The real disk. */
export const diskOperations: DiskOperations = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  read: async (fd, into, offset, length, position) =>
    (await read(fd, into, offset, length, position)).bytesRead,
  write: async (fd, bytes, offset, length, position) =>
    (await write(fd, bytes, offset, length, position)).bytesWritten,
  writeSync: fs.writeSync,
  ftruncate: promisify(fs.ftruncate),
  ftruncateSync: fs.ftruncateSync,
  fsync: promisify(fs.fsync),
  fdatasync: fs.fdatasync,
  fdatasyncSync: fs.fdatasyncSync,
  lstat: (path) => fs.promises.lstat(path),
  mkdir: (path, options) => fs.promises.mkdir(path, options),
  readdir: (path) => fs.promises.readdir(path),
  rename: promisify(fs.rename),
  rm: (path, options) => fs.promises.rm(path, options),
  symlink: (target, path) => fs.promises.symlink(target, path),
  freeBytes: async (path) => {
    const { bavail, bsize } = await fs.promises.statfs(path);
    return bavail * bsize;
  },
  unlink: promisify(fs.unlink),
  unlinkSync: fs.unlinkSync,
};

/** Whether this is Node's error of that code, such as `hasCode(error, "ENOENT")`. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code)
  );
}

/** Whether something has that name; an error other than its absence is thrown. */
export async function exists(path: string, operations: DiskOperations): Promise<boolean> {
  try {
    await operations.lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
