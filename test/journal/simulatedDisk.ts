import { constants, type Stats } from "node:fs";
import { basename, dirname } from "node:path";
import type { DiskOperations } from "../../src/disk/operations.js";
import { SimulatedFile, tornContent, type Dice } from "./simulatedFile.js";

interface NameChange {
  readonly folder: string;
  readonly set: readonly (readonly [path: string, file: SimulatedFile | undefined])[];
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

/**
 * A disk in memory that knows what is durable and what is only in the cache, so that it can say what a power
 * loss would leave: some of the unsynced names, some sectors of the unsynced writes.
 */
export class SimulatedDisk implements DiskOperations {
  readonly #folders = new Set<string>(["/"]);
  readonly #names = new Map<string, SimulatedFile>();
  readonly #durableNames = new Map<string, SimulatedFile>();
  #pendingNames: NameChange[] = [];
  readonly #open = new Map<number, SimulatedFile | string>();
  #lastFd = 10;
  capacity = Infinity;

  get openCount(): number {
    return this.#open.size;
  }

  /** The files as a program sees them now. */
  files(): Map<string, Buffer> {
    return new Map([...this.#names].map(([path, file]) => [path, file.bytes]));
  }

  /** Everything as it is now, all of it durable: what kill -9 leaves. */
  copy(): SimulatedDisk {
    const other = new SimulatedDisk();
    for (const folder of this.#folders) other.#folders.add(folder);
    for (const [path, file] of this.#names) other.put(path, file.bytes);
    return other;
  }

  put(path: string, bytes: Buffer): void {
    const file = new SimulatedFile(bytes);
    for (let folder = dirname(path); folder !== "/"; folder = dirname(folder)) this.#folders.add(folder);
    this.#names.set(path, file);
    this.#durableNames.set(path, file);
  }

  drop(path: string): void {
    this.#names.delete(path);
    this.#durableNames.delete(path);
  }

  /** One of the disks that a power loss at this moment may leave. */
  afterPowerLoss(roll: Dice): SimulatedDisk {
    const other = new SimulatedDisk();
    for (const folder of this.#folders) other.#folders.add(folder);
    const names = new Map(this.#durableNames);
    for (const { set } of this.#pendingNames) {
      if (roll(2) === 0) continue;
      for (const [path, file] of set) {
        if (file === undefined) names.delete(path);
        else names.set(path, file);
      }
    }
    for (const [path, file] of names) other.put(path, tornContent(file, roll));
    return other;
  }

  async open(path: string, flags: number): Promise<number> {
    const fd = ++this.#lastFd;
    if (this.#folders.has(path)) {
      this.#open.set(fd, path);
      return fd;
    }
    let file = this.#names.get(path);
    if (file !== undefined && flags & constants.O_EXCL) throw failure("EEXIST", path);
    if (file === undefined) {
      if (!(flags & constants.O_CREAT)) throw failure("ENOENT", path);
      file = new SimulatedFile();
      this.#rename([[path, file]]);
    }
    this.#open.set(fd, file);
    return fd;
  }

  async close(fd: number): Promise<void> {
    if (!this.#open.delete(fd)) throw failure("EBADF", String(fd));
  }

  async read(
    fd: number,
    into: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<number> {
    const part = this.#file(fd).bytes.subarray(position, position + length);
    into.set(part, offset);
    return part.length;
  }

  async write(
    fd: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<number> {
    return this.writeSync(fd, bytes, offset, length, position);
  }

  writeSync(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number {
    const file = this.#file(fd);
    const grown = Math.max(0, position + length - file.bytes.length);
    const fits = length - Math.max(0, grown - (this.capacity - this.#used()));
    if (fits <= 0 && length > 0) throw failure("ENOSPC", "write");
    file.apply({ at: position, bytes: Buffer.from(bytes.subarray(offset, offset + fits)) });
    return fits;
  }

  async ftruncate(fd: number, sizeBytes: number): Promise<void> {
    this.ftruncateSync(fd, sizeBytes);
  }

  ftruncateSync(fd: number, sizeBytes: number): void {
    this.#file(fd).apply({ at: sizeBytes });
  }

  async fsync(fd: number): Promise<void> {
    const opened = this.#open.get(fd);
    if (typeof opened !== "string") return this.#file(fd).sync();
    for (const { folder, set } of this.#pendingNames) {
      if (folder !== opened) continue;
      for (const [path, file] of set) {
        if (file === undefined) this.#durableNames.delete(path);
        else this.#durableNames.set(path, file);
      }
    }
    this.#pendingNames = this.#pendingNames.filter(({ folder }) => folder !== opened);
  }

  fdatasync(fd: number, done: (error: Error | null) => void): void {
    const file = this.#file(fd);
    const { bytes } = file;
    setImmediate(() => {
      if (file.bytes === bytes) file.sync();
      done(null);
    });
  }

  fdatasyncSync(fd: number): void {
    this.#file(fd).sync();
  }

  async lstat(path: string): Promise<Stats> {
    const file = this.#names.get(path);
    const isFolder = this.#folders.has(path);
    if (file === undefined && !isFolder) throw failure("ENOENT", path);
    return {
      size: file?.bytes.length ?? 0,
      mtimeMs: 0,
      uid: process.getuid?.() ?? 0,
      mode: 0o700,
      isDirectory: () => isFolder,
      isSymbolicLink: () => false,
    } as Stats;
  }

  async mkdir(path: string): Promise<void> {
    if (this.#folders.has(path) || this.#names.has(path)) throw failure("EEXIST", path);
    if (!this.#folders.has(dirname(path))) throw failure("ENOENT", path);
    this.#folders.add(path);
  }

  async readdir(path: string): Promise<string[]> {
    return [...this.#names.keys()].filter((name) => dirname(name) === path).map((name) => basename(name));
  }

  async rename(from: string, to: string): Promise<void> {
    const file = this.#names.get(from);
    if (file === undefined) throw failure("ENOENT", from);
    this.#rename([
      [from, undefined],
      [to, file],
    ]);
  }

  async rm(path: string): Promise<void> {
    throw failure("ENOSYS", path);
  }

  async symlink(_: string, path: string): Promise<void> {
    throw failure("ENOSYS", path);
  }

  async freeBytes(): Promise<number> {
    return this.capacity - this.#used();
  }

  async unlink(path: string): Promise<void> {
    this.unlinkSync(path);
  }

  unlinkSync(path: string): void {
    if (!this.#names.has(path)) throw failure("ENOENT", path);
    this.#rename([[path, undefined]]);
  }

  #rename(set: NameChange["set"]): void {
    for (const [path, file] of set) {
      if (file === undefined) this.#names.delete(path);
      else this.#names.set(path, file);
    }
    this.#pendingNames.push({ folder: dirname(set[0]?.[0] ?? ""), set });
  }

  #file(fd: number): SimulatedFile {
    const opened = this.#open.get(fd);
    if (opened === undefined || typeof opened === "string") throw failure("EBADF", String(fd));
    return opened;
  }

  #used(): number {
    let sum = 0;
    for (const { bytes } of this.#names.values()) sum += bytes.length;
    return sum;
  }
}
