import { folderName, type FolderOwner } from "../../content/places.js";
import type { Committed } from "../ledger.js";
import { Serial } from "../../serial.js";
import { DueSessions } from "./dueSessions.js";
import { type SessionFileParts, SessionFileWriter } from "./sessionFileWriter.js";
import { lookAtStart } from "./startLook.js";

interface SessionFilesParts extends SessionFileParts {
  /** Sessions that the replay saw deleted: what was written for them may still be there, and goes. */
  readonly deleted: readonly FolderOwner[];
  /** How soon the registry follows. */
  readonly autoSaveIntervalMs: number;
}

/** What stands for the registry, and for the folder, among the files that could not be written. No id has a slash. */
const REGISTRY = "/registry";
const FOLDER = "/";
/** Events that change nothing of what the registry says. */
const UNLISTED = /^(?:session\/touched|activity\/|message\/|invocation\/|metadata\/|command\/)/;

/**
 * The files for people: `registry.json` and one file for each session, written from what is durable and never read
 * back into it. A session is written when it has changed and its auto-save is due; one file at a time, so that the
 * disk stays free for the journal. Whatever goes wrong here stays here: it is logged once, and tried again.
 */
export class SessionFiles {
  readonly #parts: SessionFilesParts;
  readonly #writer: SessionFileWriter;
  readonly #due: DueSessions;
  readonly #writes = new Serial();
  /** What could not be written the last time. */
  readonly #failing = new Set<string>();
  /** Which sessions were deleted, as far as the look at the start has to know. */
  readonly #deleted: Set<string>;
  #isLooking = false;
  #registryDueUpMs: number | undefined;
  #pass: Promise<void> | undefined;
  #look: Promise<void> = Promise.resolve();
  /** When to stop, by the monotonic clock. */
  #stopAtMs = Number.POSITIVE_INFINITY;
  #isClosing = false;
  /** Whether the look at the start was broken off before it came to all that the replay saw deleted. */
  #isDeletedLeft = false;

  constructor(parts: SessionFilesParts) {
    this.#parts = parts;
    this.#writer = new SessionFileWriter(parts);
    this.#due = new DueSessions(parts.clock.upMs());
    this.#deleted = new Set(parts.deleted.map(folderName));
  }

  /** Where the file of a session may lie: on either shelf. */
  pathsOf(sessionId: string): readonly string[] {
    const { folder } = this.#parts;
    return [folder.pathOf(sessionId, "sessions"), folder.pathOf(sessionId, "archive")];
  }

  /** A record has become durable. On the way of every write, so it takes notes and nothing else. */
  note({ events, changes }: Committed): void {
    for (const { slot } of changes.sessions) this.#due.add(slot.key);
    if (this.#isLooking) for (const session of changes.removed) this.#deleted.add(folderName(session));
    if (this.#registryDueUpMs !== undefined || events.every(({ type }) => UNLISTED.test(type))) return;
    this.#registryDueUpMs = this.#parts.clock.upMs() + this.#parts.autoSaveIntervalMs;
  }

  /** Begins to hold what lies there against the state, in the background: a start does not wait for it. */
  begin(): void {
    const { clock, log } = this.#parts;
    this.#registryDueUpMs = clock.upMs();
    this.#isLooking = true;
    this.#look = lookAtStart({
      ...this.#parts,
      writer: this.#writer,
      writes: this.#writes,
      wasDeleted: (owner) => this.#deleted.has(folderName(owner)),
      onDue: (sessionId) => this.#due.addAt(sessionId, clock.upMs()),
      isClosing: () => this.#isClosing,
    })
      .catch((err: unknown) => {
        log.warn({ err, event: "files.unchecked" }, "The files of sessions could not be looked at");
      })
      .finally(() => {
        this.#isLooking = false;
        this.#isDeletedLeft = this.#isClosing && this.#deleted.size > 0;
        this.#deleted.clear();
      });
  }

  /** Resolves when everything was looked at once. */
  get looked(): Promise<void> {
    return this.#look;
  }

  /** Whether nothing is left to do for which the next start has to find in the journal what was deleted. */
  get isSettled(): boolean {
    return this.#due.size === 0 && this.#failing.size === 0 && !this.#isDeletedLeft;
  }

  /** Writes what is due, unless that is under way; everything where `upMs` is left out. Never rejects. */
  save(upMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    this.#pass ??= this.#saveDue(upMs).finally(() => (this.#pass = undefined));
    return this.#pass;
  }

  /** Writes what is left, for `patienceMs` at most; the next start finds what was not. */
  async close(patienceMs: number): Promise<void> {
    this.#isClosing = true;
    this.#stopAtMs = performance.now() + patienceMs;
    await this.#look;
    await this.#pass;
    await this.save();
    const left = this.#due.size;
    if (left === 0) return;
    this.#parts.log.warn(
      { left, event: "files.left" },
      "Files of sessions are left for the next start to write",
    );
  }

  async #saveDue(upMs: number): Promise<void> {
    const { sessions, folder } = this.#parts;
    let written = 0;
    for (const sessionId of this.#due.take(upMs, sessions)) {
      if (performance.now() > this.#stopAtMs) this.#due.add(sessionId);
      else if (await this.#attempt(sessionId, () => this.#writer.write(sessionId))) written += 1;
    }
    if (this.#registryDueUpMs !== undefined && this.#registryDueUpMs <= upMs) {
      this.#registryDueUpMs = undefined;
      if (await this.#attempt(REGISTRY, () => this.#writer.writeRegistry())) written += 1;
    }
    if (written > 0) await this.#attempt(FOLDER, () => folder.sync());
  }

  /** Does one thing; what failed is due again later, and told of once. */
  async #attempt(name: string, write: () => Promise<void>): Promise<boolean> {
    const { log } = this.#parts;
    try {
      await this.#writes.run(write);
      if (this.#failing.delete(name) && this.#failing.size === 0) {
        log.info({ event: "files.saved" }, "The files of sessions are written again");
      }
      return true;
    } catch (err) {
      const message = "Files of sessions cannot be written; the journal has what they would say";
      if (this.#failing.size === 0) log.warn({ err, event: "files.unsaved" }, message);
      this.#failing.add(name);
      this.#retry(name);
      return false;
    }
  }

  #retry(name: string): void {
    const { clock, autoSaveIntervalMs } = this.#parts;
    const againUpMs = clock.upMs() + autoSaveIntervalMs;
    if (name === REGISTRY) this.#registryDueUpMs ??= againUpMs;
    // The folder is synced again with whatever is written next.
    else if (name !== FOLDER) this.#due.addAt(name, againUpMs);
  }
}
