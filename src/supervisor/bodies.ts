import { appendBodies, bytesBefore } from "../content/bodyFile.js";
import { removeContent } from "../content/outputFolder.js";
import { activitiesPath, type FolderOwner } from "../content/places.js";
import type { Session } from "../session/state.js";
import type { Event } from "../session/events.js";
import { LIMITS } from "../protocol/limits.js";
import { ContentHold } from "./contentHold.js";
import { mergedBodies } from "./mergedBodies.js";
import { Serial } from "./serial.js";

/** One entry of a session's audit trail, as it is stored. */
export interface ActivityBody {
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly action: string;
  readonly details?: unknown;
  readonly usage?: unknown;
}

/** What one session has in the journal alone, not yet in its own file. */
interface Unsaved {
  readonly owner: FolderOwner;
  readonly saves: Serial;
  bodies: ActivityBody[];
  /** Characters, as an estimate of the memory that they take. */
  length: number;
  /** When they are to be saved, by the up-time clock. */
  dueUpMs: number;
}

export interface ActivityPage {
  readonly items: readonly (ActivityBody | { readonly damaged: true; readonly offset: number })[];
  /** Where the next page goes on. */
  readonly next: ActivityCursor | undefined;
}

export interface ActivityCursor {
  /** Of the last body that could be read. */
  readonly seq: number;
  /** Where in the file; absent while nothing of the file was reached. */
  readonly offset?: number | undefined;
}

/** Characters of unsaved bodies in all, from which on they are saved without waiting for their time. */
const UNSAVED_LENGTH = 8 * 1024 * 1024;

/**
 * The bodies of sessions. A body is in the journal until it is saved, and in the session's own file after
 * it; only what is not saved yet is held in memory, so memory does not grow with talk.
 */
export class Bodies {
  readonly #contentDir: string;
  readonly #hold: ContentHold;
  readonly #unsaved = new Map<string, Unsaved>();
  #length = 0;

  /** @param options `hold` says when removals have to wait. */
  constructor(options: { readonly contentDir: string; readonly hold?: ContentHold }) {
    this.#contentDir = options.contentDir;
    this.#hold = options.hold ?? new ContentHold();
  }

  /** Whether so much is unsaved that saving should not wait. */
  get isFull(): boolean {
    return this.#length > UNSAVED_LENGTH;
  }

  /** Takes the body of a durable event. */
  add(
    session: Session,
    event: Event & { type: "activity/recorded" },
    stamp: { seq: number; at: number; up: number },
  ): void {
    const body: ActivityBody = { seq: stamp.seq, at: stamp.at, ...event.data };
    this.restore(session, body, stamp.up);
  }

  /** Takes a body back that a snapshot held. */
  restore(session: Session, body: ActivityBody, upMs: number): void {
    const { sessionId, createdSeq, config } = session;
    let unsaved = this.#unsaved.get(sessionId);
    if (unsaved === undefined) {
      const owner = { sessionId, createdSeq };
      const dueUpMs = upMs + config.autoSaveIntervalMs;
      unsaved = { owner, saves: new Serial(), bodies: [], length: 0, dueUpMs };
      this.#unsaved.set(sessionId, unsaved);
    }
    const length = lengthOf(body);
    unsaved.bodies.push(body);
    unsaved.length += length;
    this.#length += length;
  }

  /** All unsaved bodies with their sessions, for a snapshot. */
  entries(): { readonly sessionId: string; readonly body: ActivityBody }[] {
    return [...this.#unsaved].flatMap(([sessionId, { bodies }]) =>
      bodies.map((body) => ({ sessionId, body })),
    );
  }

  /** The seq of the first body of each session that a snapshot has to hold, by the session's id. */
  firstUnsaved(): ReadonlyMap<string, number> {
    return new Map([...this.#unsaved].map(([sessionId, { bodies }]) => [sessionId, bodies[0]?.seq ?? 0]));
  }

  /**
   * How much of a session's file comes before the body of `beforeSeq`. Nothing of it changes any more, if that one
   * was not saved at the time.
   */
  savedBytes(owner: FolderOwner, beforeSeq: number): Promise<number> {
    const look = (): Promise<number> => bytesBefore(activitiesPath(this.#contentDir, owner), beforeSeq);
    // A save may cut what an earlier one left behind, so the end of the file is no place to read meanwhile.
    const unsaved = this.#unsaved.get(owner.sessionId);
    return unsaved === undefined ? look() : unsaved.saves.run(look);
  }

  /**
   * Saves what is due; everything where `upMs` is left out. A failure leaves the bodies of that session where
   * they are, holds up no other, and is thrown at the end. After `patienceMs` the rest is left in the journal.
   */
  async save(upMs: number = Number.POSITIVE_INFINITY, patienceMs = Number.POSITIVE_INFINITY): Promise<void> {
    const stopAtMs = performance.now() + patienceMs;
    // What comes in meanwhile waits for the next time: else this might never end.
    const due = [...this.#unsaved].filter(([, unsaved]) => unsaved.dueUpMs <= upMs);
    const failures: unknown[] = [];
    for (const [sessionId, unsaved] of due) {
      if (performance.now() > stopAtMs) break;
      await unsaved.saves
        .run(() => this.#saveOne(sessionId, unsaved))
        .catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  /** One page of a session's activities. */
  async read(
    session: Session,
    options: {
      readonly order: "newest" | "oldest";
      readonly limit: number;
      readonly cursor?: ActivityCursor | undefined;
    },
  ): Promise<ActivityPage> {
    const { order, limit, cursor } = options;
    const inMemory = [...(this.#unsaved.get(session.sessionId)?.bodies ?? [])];
    const path = activitiesPath(this.#contentDir, session);
    const items: ActivityPage["items"][number][] = [];
    let seq = cursor?.seq ?? (order === "newest" ? Number.MAX_SAFE_INTEGER : 0);
    let offset = cursor?.offset;
    let length = 0;
    // One more than asked for tells whether there is a next page.
    for await (const found of mergedBodies(path, inMemory, order, cursor)) {
      if (items.length === limit || length > LIMITS.pageLength) return { items, next: { seq, offset } };
      length += "body" in found ? lengthOf(found.body) : 0;
      items.push("body" in found ? found.body : { damaged: true, offset: found.offset });
      if ("body" in found) seq = found.body.seq;
      offset = (order === "newest" ? found.offset : found.endOffset) ?? offset;
    }
    return { items, next: undefined };
  }

  /** Removes everything that a deleted session kept. */
  async remove(session: Session): Promise<void> {
    const unsaved = this.#unsaved.get(session.sessionId);
    this.#unsaved.delete(session.sessionId);
    this.#length -= unsaved?.length ?? 0;
    const removal = (): Promise<void> => removeContent(this.#contentDir, session);
    await this.#hold.removal(() => (unsaved === undefined ? removal() : unsaved.saves.run(removal)));
  }

  async #saveOne(sessionId: string, unsaved: Unsaved): Promise<void> {
    if (this.#unsaved.get(sessionId) !== unsaved) return;
    const saved = [...unsaved.bodies];
    await appendBodies(activitiesPath(this.#contentDir, unsaved.owner), saved);
    if (this.#unsaved.get(sessionId) !== unsaved) return;
    const savedLength = saved.reduce((sum, body) => sum + lengthOf(body), 0);
    this.#length -= savedLength;
    unsaved.length -= savedLength;
    unsaved.bodies = unsaved.bodies.slice(saved.length);
    if (unsaved.bodies.length === 0) this.#unsaved.delete(sessionId);
  }
}

function lengthOf(body: ActivityBody): number {
  return 64 + JSON.stringify(body).length;
}
