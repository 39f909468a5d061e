import { randomFillSync } from "node:crypto";
import { dirname } from "node:path";
import type { DiskOperations } from "../disk/operations.js";
import { PendingFile } from "../disk/pendingFile.js";

const PROBE_MS = 250;

/** A file of real blocks that is given back when the disk is full, and the watch for space to come back. */
export class Reserve {
  readonly #path: string;
  readonly #sizeBytes: number;
  readonly #operations: DiskOperations;
  #timer: NodeJS.Timeout | undefined;
  #filling: Promise<void> | undefined;

  constructor(path: string, sizeBytes: number, operations: DiskOperations) {
    this.#path = path;
    this.#sizeBytes = sizeBytes;
    this.#operations = operations;
  }

  /** Fills it if it is not there. Rejects if there is no space. */
  async ensure(): Promise<void> {
    const found = await this.#operations.lstat(this.#path).catch(() => undefined);
    if (found?.size !== this.#sizeBytes) await this.#fill();
  }

  /** Gives the space back, as far as it goes: whoever is here has an error in hand already. */
  release(): void {
    try {
      this.#operations.unlinkSync(this.#path);
    } catch {
      // It is not there, or the disk is beyond help; both are as good as released.
    }
  }

  /** Tries to fill it every 250 ms, until it works once. */
  watch(onSpace: () => void): void {
    this.#timer ??= setInterval(() => {
      this.#filling ??= this.#probe(onSpace).finally(() => {
        this.#filling = undefined;
      });
    }, PROBE_MS).unref();
  }

  /** Ends the watch and waits for a try that is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#filling;
  }

  async #probe(onSpace: () => void): Promise<void> {
    try {
      // Asked first, so that a full disk is not filled to its last block four times a second.
      const free = await this.#operations.freeBytes(dirname(this.#path));
      if (free < 2 * this.#sizeBytes) return;
      await this.#fill();
    } catch {
      return;
    }
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    onSpace();
  }

  /** Twice the size must fit: what was just given back is not space that came back. */
  async #fill(): Promise<void> {
    const file = await PendingFile.create(this.#path, 0o600, this.#operations);
    try {
      // Random, since zeros take no blocks on a file system that compresses.
      const bytes = randomFillSync(Buffer.allocUnsafe(this.#sizeBytes));
      await file.write(bytes);
      await file.write(bytes);
      await file.sync();
      await file.truncate(this.#sizeBytes);
      await file.publish();
    } catch (error) {
      await file.discard();
      throw error;
    }
    await file.close();
  }
}
