import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { basename, dirname, join } from "node:path";
import { hasCode, type DiskOperations } from "./operations.js";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR, O_RDONLY, O_DIRECTORY } = constants;

/** How the name of a file ends that has not been published. */
const PENDING_SUFFIX = ".tmp";
const RANDOM_BYTES = 6;
/** Of what a name has behind that of the file itself and a dot. */
const TAIL_LENGTH = 2 * RANDOM_BYTES + PENDING_SUFFIX.length;

/**
 * A file on its way: it is written under another name in the same folder and gets its own when it is whole
 * and on the disk, so that nobody ever sees half of it. Publish it or discard it, then close it.
 */
export class PendingFile {
  readonly path: string;
  readonly fd: number;
  readonly #temporaryPath: string;
  readonly #operations: DiskOperations;
  #sizeBytes = 0;

  private constructor(path: string, temporaryPath: string, fd: number, operations: DiskOperations) {
    this.path = path;
    this.fd = fd;
    this.#temporaryPath = temporaryPath;
    this.#operations = operations;
  }

  static async create(path: string, mode: number, operations: DiskOperations): Promise<PendingFile> {
    const temporaryPath = `${path}.${randomBytes(RANDOM_BYTES).toString("hex")}${PENDING_SUFFIX}`;
    const fd = await operations.open(temporaryPath, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    return new PendingFile(path, temporaryPath, fd, operations);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Writes behind what is there, all of it: a write may take fewer bytes than it was given, without an error.
   */
  async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const count = await this.#operations.write(this.fd, bytes, done, bytes.length - done, this.#sizeBytes);
      if (count === 0) throw new Error(`${this.#temporaryPath}: the disk takes no more bytes.`);
      done += count;
      this.#sizeBytes += count;
    }
  }

  /** Waits until what was written is on the disk. */
  async sync(): Promise<void> {
    await this.#operations.fsync(this.fd);
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.#operations.ftruncate(this.fd, sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  /** Gives the file its name, whole for everybody but a crash of the machine. */
  async publishUnsafe(): Promise<void> {
    await this.#operations.rename(this.#temporaryPath, this.path);
  }

  /** Gives the file its name, whole; that it has this one is durable only once its folder has been synced. */
  async publishUnsynced(): Promise<void> {
    await this.sync();
    await this.#operations.rename(this.#temporaryPath, this.path);
  }

  /**
   * Gives the file its name, durably; an older file of that name is replaced. The file stays open.
   * The folder is opened first: between the rename and the sync nothing may fail but the sync.
   */
  async publish(): Promise<void> {
    await this.sync();
    const folder = await this.#operations.open(dirname(this.path), O_RDONLY | O_DIRECTORY);
    try {
      await this.#operations.rename(this.#temporaryPath, this.path);
      await this.#operations.fsync(folder);
    } finally {
      await this.#operations.close(folder);
    }
  }

  async close(): Promise<void> {
    await this.#operations.close(this.fd);
  }

  /**
   * Closes and removes what was not published. Errors are swallowed: whoever discards has a better one in
   * hand.
   */
  async discard(): Promise<void> {
    await this.close().catch(() => undefined);
    await this.#operations.unlink(this.#temporaryPath).catch(() => undefined);
  }
}

/**
 * Removes what a crash left of earlier writes of this very file. Only for whoever knows that nobody writes it just now.
 * Where there is no such folder there is nothing to be removed.
 */
export async function removePending(path: string, operations: DiskOperations): Promise<void> {
  const [folder, prefix] = [dirname(path), `${basename(path)}.`];
  for (const name of await namesIn(folder, operations)) {
    if (name.startsWith(prefix) && isPendingName(name) && name.length === prefix.length + TAIL_LENGTH)
      await operations.unlink(join(folder, name));
  }
}

async function namesIn(folder: string, operations: DiskOperations): Promise<readonly string[]> {
  try {
    return await operations.readdir(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

/** Whether a name in a folder is that of a file that was never published, left by a crash. */
export function isPendingName(name: string): boolean {
  return /\.[0-9a-f]{12}\.tmp$/.test(name);
}
