import { relative, sep } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

import { compressFolder, expandFolder, type FormOptions } from "../content/folderForms.js";
import { folderName, type FolderOwner, ownerOfFolder } from "../content/places.js";
import type { PlainFiles } from "../content/plainFiles.js";
import type { Session } from "../session/state.js";
import type { Bodies } from "./bodies.js";
import type { ContentHold } from "./contentHold.js";
import type { CommittedView } from "./layered.js";
import type { SupervisorLog } from "./options.js";

interface ArchiverParts {
  readonly contentDir: string;
  /** Sessions as they are durable. */
  readonly sessions: CommittedView<Session>;
  readonly bodies: Pick<Bodies, "saveOf">;
  readonly files: PlainFiles;
  readonly hold: ContentHold;
  readonly log: Pick<SupervisorLog, "warn">;
}

type Place = "archived" | "in use";

/** The session is no more what it was when the work began. */
class OvertakenError extends Error {}

/**
 * Compresses what archived sessions keep on disk, and brings it back where they leave the archive. In the background,
 * one session at a time, and level-triggered: what is to be done is read off the session, so a crash, or a change of
 * mind, at any point leaves one form of each file that is whole, and the next look goes on from there.
 */
export class Archiver {
  readonly #parts: ArchiverParts;
  /** Those that are to be looked at, by the names of their folders. */
  readonly #due = new Map<string, FolderOwner>();
  /** What could not be done; it is tried again by `retry`. */
  readonly #failed = new Map<string, FolderOwner>();
  #current: { readonly name: string; readonly owner: FolderOwner; readonly done: Promise<void> } | undefined;
  #running: Promise<void> | undefined;
  #isClosing = false;

  constructor(parts: ArchiverParts) {
    this.#parts = parts;
    parts.files.onCompressed((path) => this.#found(path));
  }

  /**
   * Whether something is still to be brought back: its event has to stay in the journal behind the last snapshot, by which
   * the next start knows of it. What could not be done is not waited for.
   */
  get isBringingBack(): boolean {
    const owners = [...this.#due.values(), ...(this.#current === undefined ? [] : [this.#current.owner])];
    // Also while it closes: then it is left to the next start.
    return owners.some((owner) => placeOf(this.#sessionOf(owner)) === "in use");
  }

  /** Has a session looked at that has come into the archive, or left it. */
  note({ sessionId, createdSeq }: Session): void {
    this.#add({ sessionId, createdSeq });
  }

  /**
   * Has all archived sessions looked at, and those that the replay saw leave the archive: the earlier daemon may have
   * ended before it came to them.
   */
  begin(unarchived: readonly FolderOwner[]): void {
    for (const owner of unarchived) if (this.#is(owner, "in use")) this.#add(owner);
    for (const session of this.#parts.sessions.values())
      if (session.archivedAt !== undefined && holdsContent(session)) this.note(session);
  }

  /** Has those looked at again with which it did not work. */
  retry(): void {
    for (const [name, owner] of this.#failed) this.#due.set(name, owner);
    this.#failed.clear();
    this.#begin();
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Resolves when nothing is done with what this session keeps, and from then on nothing will be. */
  async forget(owner: FolderOwner): Promise<void> {
    const name = folderName(owner);
    this.#due.delete(name);
    this.#failed.delete(name);
    if (this.#current?.name === name) await this.#current.done;
  }

  /** Begins nothing further; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#running;
  }

  #add(owner: FolderOwner): void {
    this.#due.set(folderName(owner), owner);
    this.#begin();
  }

  /**
   * Somebody reads a file that is compressed. Where its session is in use, as one that came compressed out of a backup may
   * be, it is brought back now. What did not work is left to `retry`.
   */
  #found(path: string): void {
    const [name = ""] = relative(this.#parts.contentDir, path).split(sep);
    const owner = ownerOfFolder(name);
    if (owner !== undefined && !this.#failed.has(name) && this.#is(owner, "in use")) this.#add(owner);
  }

  #begin(): void {
    if (this.#isClosing || this.#due.size === 0) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      this.#begin();
    });
  }

  async #run(): Promise<void> {
    // Not in the midst of a record: the bodies that came with it may not be there yet.
    await turn();
    for (const [name, owner] of this.#due) {
      if (this.#isClosing) return;
      this.#due.delete(name);
      const done = this.#one(name, owner);
      this.#current = { name, owner, done };
      await done;
      this.#current = undefined;
    }
  }

  /** Never rejects. */
  async #one(name: string, owner: FolderOwner): Promise<void> {
    const { bodies, contentDir } = this.#parts;
    const session = this.#sessionOf(owner);
    if (session === undefined) return;
    const isArchived = session.archivedAt !== undefined;
    try {
      if (isArchived) {
        // What is not in its file yet would be appended to it later, and bring it back for that.
        await bodies.saveOf(owner.sessionId);
        await compressFolder(contentDir, owner, this.#options(owner, "archived"));
      } else await expandFolder(contentDir, owner, this.#options(owner, "in use"));
    } catch (err) {
      if (err instanceof OvertakenError) return;
      this.#failed.set(name, owner);
      const what = isArchived ? "compressed" : "decompressed";
      const fields = { err, event: "archive.failed", sessionId: owner.sessionId };
      this.#parts.log.warn(fields, `What a session keeps could not be ${what}; it can be read as it is`);
    }
  }

  #options(owner: FolderOwner, place: Place): FormOptions {
    const { files, hold } = this.#parts;
    const isWanted = (): boolean => this.#is(owner, place);
    const mustGoOn = (): void => {
      if (!isWanted()) throw new OvertakenError();
    };
    // A backup may be about to copy what goes.
    return { files, isWanted, mustGoOn, removal: (remove) => hold.removal(remove) };
  }

  #sessionOf({ sessionId, createdSeq }: FolderOwner): Session | undefined {
    const session = this.#parts.sessions.get(sessionId);
    return session?.createdSeq === createdSeq ? session : undefined;
  }

  #is(owner: FolderOwner, place: Place): boolean {
    return !this.#isClosing && placeOf(this.#sessionOf(owner)) === place;
  }
}

function placeOf(session: Session | undefined): Place | undefined {
  if (session === undefined) return undefined;
  return session.archivedAt === undefined ? "in use" : "archived";
}

function holdsContent({ activities, conversation, commands, totals }: Session): boolean {
  return activities + conversation.appended + commands.total + totals.invocations > 0;
}
