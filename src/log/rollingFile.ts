import { readlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { ensurePrivateFolder } from "../disk/folder.js";
import { hasCode } from "../disk/operations.js";
import { pointSymlink } from "../disk/symlink.js";
import { pruneLogFiles } from "./prune.js";
import { endRollStream, openRollStream, retire } from "./rollStream.js";
import type { RollStream } from "./rollStream.js";

/** How a rolling file is opened. */
export interface RollingFileOptions {
  /** The folder of the files, for them alone: pino-roll takes any number in it for one of its own. */
  filesDir: string;
  /** First part of the files' names: `<name>.<date>.<number>.log`. */
  name: string;
  /** The symbolic link that always leads to the live file. */
  link: string;
  /** A file is rolled when it has reached this size, and at midnight. */
  maxSizeBytes: number;
  /** Files kept, the live one included. */
  keepFiles: number;
  /** Called when writing begins to fail, and again only after it worked in between. */
  onTrouble(error: Error): void;
  /** The line that tells, once writing works again, how many are missing. */
  lostLine(lines: number): string;
  /** Least time between two attempts to open the file again. */
  reopenAfterMs?: number;
  /** Bytes that may wait for a slow disk; beyond them lines are dropped and counted. 8 MiB if absent. */
  waitingBytes?: number;
  /** Longest time that closing may take when the disk takes nothing. */
  closeWithinMs?: number;
  /** For tests: what opens a stream. */
  openStream?: typeof openRollStream;
}

/** Somebody who waits until so many bytes are done with. */
interface Waiter {
  readonly untilBytes: number;
  readonly end: () => void;
}

/** Lines that wait for a slow or full disk; beyond them lines are dropped and counted. */
const WAITING_BYTES = 8 * 1_024 * 1_024;

/**
 * A file of lines that is rolled by size and day and kept by count. It is there for people who look for what
 * went wrong, so nothing that goes wrong with it reaches the one who writes: lines are kept while there is room,
 * then dropped and counted, and writing goes on by itself when it can.
 */
export class RollingFile {
  readonly #options: RollingFileOptions;
  #stream: RollStream | undefined;
  #opening: Promise<void> | undefined;
  /** Links and clean-up, one after the other. */
  #tidying = Promise.resolve();
  #live = "";
  /** The live file for which that was done last. */
  #tidied = "";
  #lostLines = 0;
  #isInTrouble = false;
  #isClosed = false;
  #lastAttemptAtMs = 0;
  /** Bytes that the stream took, and how many of them it is done with: they are in the file, or given up. */
  #givenBytes = 0;
  #doneBytes = 0;
  readonly #waiters = new Set<Waiter>();

  private constructor(options: RollingFileOptions) {
    this.#options = options;
  }

  /** Opens the file. When that fails, the trouble is told and writing tries again later. */
  static async open(options: RollingFileOptions): Promise<RollingFile> {
    const file = new RollingFile(options);
    await file.#reopen();
    await file.#tidying;
    return file;
  }

  /** The path of the live file; while it could not be opened, the path of the link. */
  get path(): string {
    return this.#live === "" ? this.#options.link : this.#live;
  }

  /** Whether the file is open, and took the last line that it was given. */
  get works(): boolean {
    return this.#stream !== undefined && !this.#isInTrouble;
  }

  /** Resolves when everything that was given before is in the file, or cannot be written, or time is up. */
  async settled(withinMs: number): Promise<void> {
    if (this.#doneBytes >= this.#givenBytes || this.#stream === undefined) return;
    await new Promise<void>((resolve) => {
      const waiter: Waiter = {
        untilBytes: this.#givenBytes,
        end: () => {
          clearTimeout(deadline);
          this.#waiters.delete(waiter);
          resolve();
        },
      };
      const deadline = setTimeout(waiter.end, withinMs);
      this.#waiters.add(waiter);
    });
  }

  /** Takes a line that ends in a newline. Never throws and never waits. */
  write(line: string): void {
    if (this.#isClosed) return;
    const { reopenAfterMs = 10_000 } = this.#options;
    if (this.#stream === undefined) {
      this.#lostLines += 1;
      const isDue = performance.now() - this.#lastAttemptAtMs >= reopenAfterMs;
      if (isDue && this.#opening === undefined) void this.#reopen();
      return;
    }
    try {
      this.#give(this.#stream, line);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Writes what waits and closes; bounded in time. Lines that come later are dropped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opening;
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream !== undefined) await endRollStream(stream, this.#options.closeWithinMs ?? 2_000);
    await this.#tidying;
  }

  #reopen(): Promise<void> {
    this.#lastAttemptAtMs = performance.now();
    this.#opening = this.#open()
      .catch((error: unknown) => this.#trouble(error))
      .finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #open(): Promise<void> {
    const { filesDir, name, maxSizeBytes, openStream = openRollStream } = this.#options;
    await ensurePrivateFolder(dirname(this.#options.link));
    await ensurePrivateFolder(filesDir);
    const stream = await openStream({
      file: join(filesDir, name),
      size: `${maxSizeBytes}b`,
      frequency: "daily",
      dateFormat: "yyyy-MM-dd",
      mode: 0o600,
      maxLength: this.#options.waitingBytes ?? WAITING_BYTES,
    });
    this.#givenBytes = 0;
    this.#doneBytes = 0;
    stream.on("ready", () => this.#follow(stream));
    stream.on("write", (writtenBytes: number) => {
      this.#works(stream);
      this.#done(writtenBytes);
    });
    stream.on("drop", (line: string) => {
      this.#lostLines += 1;
      // It tells while the line is being given, so nobody waits for it yet: it is as if it had not been.
      this.#givenBytes -= Buffer.byteLength(line);
    });
    stream.on("error", (error: Error) => {
      // After a failed write the stream keeps its lines and tries again with the next one.
      if (hasWriteFailed(error)) this.#trouble(error);
      else this.#giveUp(error);
    });
    this.#stream = stream;
    this.#follow(stream);
    this.#works(stream);
  }

  #follow(stream: RollStream): void {
    if (stream.file === null || stream.file === this.#live) return;
    this.#live = stream.file;
    this.#tidying = this.#tidying.then(() => this.#tidy()).catch((error: unknown) => this.#trouble(error));
  }

  /** Lets the link follow the live file, and removes what is too old. Rolls that came meanwhile are done with it. */
  async #tidy(): Promise<void> {
    const { link, keepFiles } = this.#options;
    const live = this.#live;
    if (live === "" || live === this.#tidied) return;
    const target = relative(dirname(link), live);
    // A log that is opened again and again mostly goes on where it was.
    if ((await readlink(link).catch(() => undefined)) !== target) await pointSymlink(link, target);
    await pruneLogFiles(live, keepFiles);
    this.#tidied = live;
  }

  #give(stream: RollStream, line: string): void {
    this.#givenBytes += Buffer.byteLength(line);
    stream.write(line);
  }

  #done(bytes: number): void {
    this.#doneBytes += bytes;
    for (const waiter of this.#waiters) if (this.#doneBytes >= waiter.untilBytes) waiter.end();
  }

  #works(stream: RollStream): void {
    this.#isInTrouble = false;
    if (this.#lostLines === 0) return;
    const lines = this.#lostLines;
    this.#lostLines = 0;
    this.#give(stream, this.#options.lostLine(lines));
  }

  #giveUp(error: unknown): void {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream !== undefined) retire(stream);
    // Also when it comes back under the same name, its link may be gone.
    this.#live = "";
    this.#tidied = "";
    this.#done(this.#givenBytes - this.#doneBytes);
    this.#trouble(error);
  }

  #trouble(error: unknown): void {
    if (this.#isInTrouble) return;
    this.#isInTrouble = true;
    this.#options.onTrouble(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Whether an error of a stream came from a write, and not from opening the next file. */
function hasWriteFailed(error: Error): boolean {
  return (
    hasCode(error, "ENOSPC", "EDQUOT", "EIO", "EFBIG") && "syscall" in error && error.syscall === "write"
  );
}
