import type { DiskOperations } from "./operations.js";

/**
 * An open file that only grows, and knows how much of it is on the disk for certain. It writes at explicit
 * offsets, so a cut never leaves a hole behind it.
 */
export class AppendFile {
  readonly path: string;
  readonly #fd: number;
  readonly #operations: DiskOperations;
  #sizeBytes: number;
  #durableBytes: number;
  /** How long the file is, with the room behind what counts. */
  #fileBytes: number;
  #roomBytes = 0;

  /** Takes over an open descriptor of a file of that size, all of which is durable. */
  constructor(path: string, fd: number, sizeBytes: number, operations: DiskOperations) {
    this.path = path;
    this.#fd = fd;
    this.#sizeBytes = sizeBytes;
    this.#durableBytes = sizeBytes;
    this.#fileBytes = sizeBytes;
    this.#operations = operations;
  }

  /**
   * From now on zeros are set aside behind what counts, so many at a time. Bytes that go where the file has some
   * already are synced sooner: the file's length, which is on another part of the disk, does not change.
   */
  keepRoom(roomBytes: number): void {
    this.#roomBytes = roomBytes;
  }

  /** What is durable: everything that was written before the last sync that succeeded. */
  get durableBytes(): number {
    return this.#durableBytes;
  }

  /**
   * Writes all bytes into the page cache. Throws if the disk does not take them all (Node's write may return
   * fewer without an error); then a part of them may be in the file, until `cutBack`.
   */
  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const count = this.#operations.writeSync(this.#fd, bytes, done, bytes.length - done, this.#sizeBytes);
      if (count <= 0) throw new Error(`${this.path}: the disk takes no more bytes`);
      done += count;
      this.#sizeBytes += count;
    }
    if (this.#sizeBytes > this.#fileBytes) this.#setRoomAside();
  }

  /**
   * Makes what was written so far durable. After an error nobody knows what is on the disk; do not try again.
   */
  sync(done: (error: Error | null) => void): void {
    const sizeBytes = this.#sizeBytes;
    this.#operations.fdatasync(this.#fd, (error) => {
      if (!error) this.#durableBytes = sizeBytes;
      done(error);
    });
  }

  /**
   * Takes back everything that is not durable, durably. Synchronous: it is rare, and nothing may happen in
   * between. Throws if the cut or its sync fails; then nobody knows what is on the disk.
   */
  cutBack(): void {
    this.#operations.ftruncateSync(this.#fd, this.#durableBytes);
    this.#operations.fdatasyncSync(this.#fd);
    this.#sizeBytes = this.#durableBytes;
    this.#fileBytes = this.#durableBytes;
  }

  /** Gives the room back and closes. That the room is gone need not be durable: zeros at the end count as nothing. */
  async close(): Promise<void> {
    try {
      if (this.#fileBytes > this.#sizeBytes) await this.#operations.ftruncate(this.#fd, this.#sizeBytes);
    } finally {
      await this.#operations.close(this.#fd);
    }
  }

  /** A disk that has no room to spare is no fault: then the file grows with each append. */
  #setRoomAside(): void {
    this.#fileBytes = this.#sizeBytes;
    if (this.#roomBytes === 0) return;
    try {
      const zeros = Buffer.alloc(this.#roomBytes);
      this.#fileBytes += this.#operations.writeSync(this.#fd, zeros, 0, zeros.length, this.#sizeBytes);
    } catch {
      this.#roomBytes = 0;
    }
  }
}
