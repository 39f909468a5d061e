import { sep } from "node:path";

import { diskOperations, exists } from "../disk/operations.js";
import { removeFile } from "../disk/remove.js";
import { compressedPath } from "./compressedFile.js";
import type { ExpandedCopies, HeldFile } from "./expandedCopies.js";

/** Who has to do with one file just now. */
interface Use {
  count: number;
  /** Wait until nobody does any more. */
  readonly waiting: (() => void)[];
}

/**
 * The one place that knows that files of sessions may be compressed: whoever reads one gets it as it was written.
 * Nobody finds a file gone between his look and his reading, because it is removed only when nobody uses it.
 */
export class PlainFiles {
  readonly #copies: ExpandedCopies | undefined;
  readonly #uses = new Map<string, Use>();
  readonly #removals = new Map<string, Promise<void>>();
  #onCompressed: (path: string) => void = () => undefined;

  /** @param copies where those go that have to be read; without, compressed files are as good as missing */
  constructor(copies?: ExpandedCopies) {
    this.#copies = copies;
  }

  /** Calls back with each file that somebody reads and that is there compressed alone. One listener. */
  onCompressed(listener: (path: string) => void): void {
    this.#onCompressed = listener;
  }

  /** Has `work` read the file, or a copy of what it was. One that is in neither form is missing for `work` too. */
  async read<T>(path: string, work: (plainPath: string) => Promise<T>): Promise<T> {
    const held = await this.#hold(path);
    try {
      return await work(held.path);
    } finally {
      await held.release();
    }
  }

  /** The same, piece by piece: the file is held until the reader has come to the end, or has had enough. */
  async *readAll<T>(path: string, read: (plainPath: string) => AsyncIterable<T>): AsyncGenerator<T> {
    const held = await this.#hold(path);
    try {
      yield* read(held.path);
    } finally {
      await held.release();
    }
  }

  /** Does `work` while the file, or the compressed one, is not removed. */
  async use<T>(path: string, work: () => Promise<T>): Promise<T> {
    const release = await this.#enter(path);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /** Removes the plain form of a file if `isStill` says so, or else the compressed one, when nobody uses either. */
  async removeOne(path: string, isStill: () => Promise<boolean>): Promise<void> {
    for (;;) {
      const use = this.#uses.get(path);
      if (use === undefined) break;
      await new Promise<void>((resolve) => use.waiting.push(resolve));
    }
    const removal = this.#removeForm(path, isStill);
    const done = removal.catch(() => undefined).finally(() => this.#removals.delete(path));
    this.#removals.set(path, done);
    await removal;
  }

  async #removeForm(path: string, isStill: () => Promise<boolean>): Promise<void> {
    if (await isStill()) return removeFile(path);
    await removeFile(compressedPath(path));
    // A copy is for as long as there is nothing better.
    await this.#copies?.drop((copied) => copied === path);
  }

  /** A folder is gone: what was read of it goes too, as soon as nobody reads it any more. */
  async forget(folder: string): Promise<void> {
    await this.#copies?.drop((copied) => copied.startsWith(`${folder}${sep}`));
  }

  async #hold(path: string): Promise<HeldFile> {
    const leave = await this.#enter(path);
    try {
      const isPlain = this.#copies === undefined || (await exists(path, diskOperations));
      const held = isPlain ? undefined : await this.#copies?.take(path);
      if (held !== undefined && held.path !== path) this.#onCompressed(path);
      if (held === undefined) return { path, release: () => Promise.resolve(leave()) };
      return { path: held.path, release: () => held.release().finally(leave) };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Waits until nobody removes the file, and answers what says that one is done with it. */
  async #enter(path: string): Promise<() => void> {
    for (;;) {
      const removal = this.#removals.get(path);
      if (removal === undefined) break;
      await removal;
    }
    const use = this.#uses.get(path) ?? { count: 0, waiting: [] };
    this.#uses.set(path, use);
    use.count += 1;
    return () => {
      use.count -= 1;
      if (use.count > 0) return;
      this.#uses.delete(path);
      for (const go of use.waiting) go();
    };
  }
}
