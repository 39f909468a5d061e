import { join } from "node:path";

import { ensurePrivateFolder } from "../disk/folder.js";
import { diskOperations, hasCode } from "../disk/operations.js";
import { removeFile } from "../disk/remove.js";
import { compressedPath, expandFile } from "./compressedFile.js";

/** A file that stays as it is until it is released. */
export interface HeldFile {
  readonly path: string;
  release(): Promise<void>;
}

interface Copy {
  /** What it is a copy of. */
  readonly of: string;
  readonly made: Promise<{ readonly path: string; readonly sizeBytes: number }>;
  /** Who reads it just now. */
  users: number;
  /** Undefined while it is being made. */
  sizeBytes: number | undefined;
  /** Whether nobody wants it any more, whatever room there is. */
  isDropped: boolean;
}

/** Bytes of copies that are kept when nobody reads them. */
const KEPT_BYTES = 256 * 1024 * 1024;

/**
 * Copies of compressed files as they were, for whoever has to read them: the few that were read last. They lie in a
 * folder for what need not last, under numbers, and not one of them is ever written to.
 */
export class ExpandedCopies {
  readonly #folder: string;
  readonly #keptBytes: number;
  /** By what names one compressed file for ever; the one that was used last comes last. */
  readonly #copies = new Map<string, Copy>();
  #lastNumber = 0;

  /** @param folder made when it is needed */
  constructor(folder: string, keptBytes = KEPT_BYTES) {
    this.#folder = folder;
    this.#keptBytes = keptBytes;
  }

  /** Bytes of all copies that there are. */
  get sizeBytes(): number {
    return [...this.#copies.values()].reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
  }

  /**
   * Takes a copy of what `path` was before it was compressed; it is there until it is released. Where there is no
   * compressed file it is `path` itself, at which a reader finds nothing.
   *
   * @throws {CompressedFileError} where the compressed file is damaged
   */
  async take(path: string): Promise<HeldFile> {
    const key = await this.#keyOf(path);
    if (key === undefined) return { path, release: () => Promise.resolve() };
    const copy = this.#copies.get(key) ?? this.#make(key, path);
    this.#copies.delete(key);
    this.#copies.set(key, copy);
    copy.users += 1;
    const release = (): Promise<void> => {
      copy.users -= 1;
      return this.#trim();
    };
    try {
      return { path: (await copy.made).path, release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Removes the copies of such files: what they were copied from is gone. One that is being read goes after that. */
  async drop(isGone: (path: string) => boolean): Promise<void> {
    for (const copy of this.#copies.values()) copy.isDropped ||= isGone(copy.of);
    await this.#trim();
  }

  /** A compressed file that was made anew is another one. */
  async #keyOf(path: string): Promise<string | undefined> {
    try {
      const { ino, size, ctimeMs } = await diskOperations.lstat(compressedPath(path));
      return `${path}:${ino}:${size}:${ctimeMs}`;
    } catch (error) {
      if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
      throw error;
    }
  }

  #make(key: string, path: string): Copy {
    this.#lastNumber += 1;
    const to = join(this.#folder, String(this.#lastNumber));
    const make = async (): Promise<{ path: string; sizeBytes: number }> => {
      await ensurePrivateFolder(this.#folder);
      await expandFile(path, { to });
      return { path: to, sizeBytes: (await diskOperations.lstat(to)).size };
    };
    const copy: Copy = { of: path, made: make(), users: 0, sizeBytes: undefined, isDropped: false };
    copy.made.then(
      ({ sizeBytes }) => (copy.sizeBytes = sizeBytes),
      () => this.#copies.delete(key),
    );
    return copy;
  }

  /** Removes what was dropped, and those that were used longest ago, until the rest is small enough or in use. */
  async #trim(): Promise<void> {
    let leftBytes = this.sizeBytes;
    for (const [key, copy] of Array.from(this.#copies)) {
      if (leftBytes <= this.#keptBytes && !copy.isDropped) continue;
      if (copy.users > 0 || copy.sizeBytes === undefined) continue;
      leftBytes -= copy.sizeBytes;
      this.#copies.delete(key);
      // Nobody reads it any more; one that cannot be removed goes at the next start.
      await removeFile((await copy.made).path).catch(() => undefined);
    }
  }
}
