import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hasCode } from "../disk/operations.js";
import { isPendingName } from "../disk/pendingFile.js";
import { removeFile } from "../disk/remove.js";
import { archiveLog, removeLog } from "./archiveLog.js";
import { LineMaker, lostLine, type SessionLine } from "./sessionLine.js";
import { RollingFile } from "./rollingFile.js";
import { logArchive, logFolder, logLink, logName, SESSION_FILES, type LogOwner } from "./sessionLogPlaces.js";
import type { LogSource } from "./logParts.js";
import { WaitingLines } from "./waitingLines.js";

export interface SessionLogsOptions {
  /** `<dir>/session_<id>.log` leads to a session's live file; see `sessionLogPlaces.ts` for the others. */
  readonly dir: string;
  readonly maxSizeBytes: number;
  /** Files kept of one session, the live one included. */
  readonly keepFiles: number;
  /** Logs held open at once. */
  readonly maxOpen: number;
  /** Gets trouble with these logs, once until it is over. */
  readonly complain: (error: Error, fields: object) => void;
  /** How long a log stays open to which nothing is written; 15 s if absent. */
  readonly idleMs?: number;
  /** How often that is looked at; 5 s if absent. */
  readonly lookEveryMs?: number;
  /** See `RollingFileOptions`. */
  readonly reopenAfterMs?: number;
}

interface OpenLog {
  readonly owner: LogOwner;
  readonly file: RollingFile;
  usedAtMs: number;
}

/** Characters of lines whose log is not open yet; what is over it is dropped and counted. */
const WAITING_LENGTH = 8 * 1_024 * 1_024;
/** Bytes of one log that may wait for a slow disk. */
const UNWRITTEN_BYTES = 1_024 * 1_024;
const SETTLE_MS = 1_000;
const CLOSE_MS = 1_000;

/**
 * The logs of all sessions, of which few are open at a time: a log is opened when it is written to and closed
 * when it is idle or others need the room, so descriptors and memory do not grow with sessions. Nothing that goes
 * wrong reaches the one who writes: it is told once, and lines are dropped and counted.
 */
export class SessionLogs {
  readonly #options: SessionLogsOptions;
  readonly #maker = new LineMaker();
  /** By name; the one that was used last comes last. */
  readonly #open = new Map<string, OpenLog>();
  readonly #waiting = new WaitingLines(WAITING_LENGTH);
  #droppedLines = 0;
  /** Opening, closing and moving come one after the other: no log is ever open twice. */
  #turn: Promise<unknown> = Promise.resolve();
  #isPumping = false;
  #isClosed = false;
  #isInTrouble = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SessionLogsOptions) {
    this.#options = options;
  }

  /** How many logs are open. */
  get openCount(): number {
    return this.#open.size;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Where the files of a session's log lie. */
  source(owner: LogOwner): LogSource {
    const { dir } = this.#options;
    return { folder: logFolder(dir, owner), name: SESSION_FILES, archive: logArchive(dir, owner) };
  }

  /** Writes a line. Never throws and never waits. */
  write(owner: LogOwner, line: SessionLine): void {
    if (this.#isClosed) return;
    try {
      this.#put(owner, this.#maker.make(owner.sessionId, line));
    } catch (error) {
      this.#trouble(error, owner);
    }
  }

  /** Resolves when what was written before can be read, or cannot be written, or has waited for a second. */
  async settled(owner: LogOwner): Promise<void> {
    const name = logName(owner);
    const opened =
      this.#waiting.get(name) !== undefined ? this.#inTurn(() => this.#openNow(name)) : undefined;
    const deadline = new AbortController();
    await Promise.race([opened, delay(SETTLE_MS, undefined, deadline).catch(() => undefined)]);
    deadline.abort();
    await this.#open.get(name)?.file.settled(SETTLE_MS);
  }

  /** Compresses the log of a session that was archived. Never rejects. */
  archive(owner: LogOwner): Promise<void> {
    return this.#inTurn(async () => {
      await this.#openNow(logName(owner));
      await this.#closeNow(logName(owner));
      await archiveLog(this.#options.dir, owner);
    }, owner);
  }

  /** Archives the logs of those archived sessions whose own a crash left behind, and half made links. Never rejects. */
  async archiveLeft(archived: Iterable<LogOwner>): Promise<void> {
    await this.#inTurn(() => this.#removeHalfLinks());
    const live = new Set(await readdir(join(this.#options.dir, "sessions")).catch(() => []));
    for (const owner of archived) if (live.has(logName(owner))) await this.archive(owner);
  }

  /** Removes the log of a session that was deleted. Never rejects. */
  remove(owner: LogOwner): Promise<void> {
    this.#waiting.forget(logName(owner));
    return this.#inTurn(async () => {
      await this.#closeNow(logName(owner));
      await removeLog(this.#options.dir, owner);
    }, owner);
  }

  /** Removes what a crash left of the logs of deleted sessions. Never rejects. */
  async removeLeft(deleted: readonly LogOwner[]): Promise<void> {
    if (deleted.length === 0) return;
    const { dir } = this.#options;
    const shelves = ["sessions", "archive"].map((shelf) => readdir(join(dir, shelf)).catch(() => []));
    const left = new Set((await Promise.all(shelves)).flat());
    for (const owner of deleted) if (left.has(logName(owner))) await this.remove(owner);
  }

  /** Writes what waits and closes everything; takes some seconds at most. Lines that come later are dropped. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const deadlineMs = performance.now() + CLOSE_MS;
    while (this.#waiting.size > 0 && performance.now() < deadlineMs) await this.#openNext();
    this.#isClosed = true;
    const logs = this.#waiting.size;
    if (logs > 0)
      this.#trouble(new Error(`no time was left to write the last lines of ${logs} logs`), undefined);
    await this.#inTurn(async () => {
      await Promise.all([...this.#open.values()].map(({ file }) => file.close()));
      this.#open.clear();
    });
  }

  #put(owner: LogOwner, line: string): void {
    const name = logName(owner);
    const open = this.#open.get(name);
    if (open !== undefined) {
      open.usedAtMs = performance.now();
      this.#open.delete(name);
      this.#open.set(name, open);
      open.file.write(line);
      return;
    }
    if (this.#waiting.put(owner, line)) return void this.#pump();
    this.#droppedLines += 1;
    this.#trouble(new Error("more lines wait than are held; the latest are dropped"), owner);
  }

  /** Opens what waits, one log after the other. It takes no more than half of the time, so that work goes first. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#waiting.size > 0 && !this.#isClosed) {
      const startedMs = performance.now();
      await this.#openNext();
      if (this.#waiting.size > 0) await delay(performance.now() - startedMs);
    }
    this.#isPumping = false;
  }

  #openNext(): Promise<void> {
    const owner = this.#waiting.first()?.owner;
    if (owner === undefined) return Promise.resolve();
    return this.#inTurn(() => this.#openNow(logName(owner)), owner);
  }

  /** Opens the log of that name where lines wait for it, and writes them. */
  async #openNow(name: string): Promise<void> {
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return;
    for (const oldest of this.#open.keys()) {
      if (this.#open.size < this.#options.maxOpen) break;
      await this.#closeNow(oldest);
    }
    const file = await this.#openFile(waiting.owner);
    this.#waiting.forget(name);
    this.#open.set(name, { owner: waiting.owner, file, usedAtMs: performance.now() });
    this.#timer ??= setInterval(() => void this.#look(), this.#options.lookEveryMs ?? 5_000).unref();
    if (this.#droppedLines > 0 && file.works) waiting.lines.push(lostLine(this.#droppedLines));
    for (const line of waiting.lines) file.write(line);
    if (!file.works) return;
    this.#isInTrouble = false;
    this.#droppedLines = 0;
  }

  async #openFile(owner: LogOwner): Promise<RollingFile> {
    const { dir, maxSizeBytes, keepFiles, reopenAfterMs } = this.#options;
    return RollingFile.open({
      filesDir: logFolder(dir, owner),
      name: SESSION_FILES,
      link: await logLink(dir, owner),
      maxSizeBytes,
      keepFiles,
      waitingBytes: UNWRITTEN_BYTES,
      onTrouble: (error) => this.#trouble(error, owner),
      lostLine,
      ...(reopenAfterMs === undefined ? {} : { reopenAfterMs }),
    });
  }

  /** Links are made in turn, so none of these is on its way. */
  async #removeHalfLinks(): Promise<void> {
    const { dir } = this.#options;
    for (const name of await readdir(dir))
      if (name.startsWith(".session_") && isPendingName(name)) await removeFile(join(dir, name));
  }

  async #closeNow(name: string): Promise<void> {
    const open = this.#open.get(name);
    this.#open.delete(name);
    await open?.file.close();
  }

  /** Closes what is idle, and what somebody took away: a file without a name would swallow every line. */
  async #look(): Promise<void> {
    const idleSinceMs = performance.now() - (this.#options.idleMs ?? 15_000);
    for (const [name, { owner, file, usedAtMs }] of Array.from(this.#open)) {
      const isGone = await stat(file.path).then(
        () => false,
        (error: unknown) => file.works && hasCode(error, "ENOENT", "ENOTDIR"),
      );
      if (isGone) this.#trouble(new Error(`${file.path} was taken away; it is begun anew`), owner);
      if (isGone || usedAtMs < idleSinceMs) await this.#inTurn(() => this.#closeNow(name), owner);
    }
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #inTurn(task: () => Promise<void>, owner?: LogOwner): Promise<void> {
    const result = this.#turn.then(task).catch((error: unknown) => this.#trouble(error, owner));
    this.#turn = result;
    return result;
  }

  #trouble(error: unknown, owner: LogOwner | undefined): void {
    if (this.#isInTrouble) return;
    this.#isInTrouble = true;
    const { dir, complain } = this.#options;
    complain(error instanceof Error ? error : new Error(String(error)), {
      ...(owner === undefined ? {} : { sessionId: owner.sessionId }),
      logDir: dir,
    });
  }
}
