import type { BodyStore, StagedBodies } from "../content/bodyStore.js";
import type { BodyKind, FolderOwner } from "../content/places.js";
import type { Session } from "../session/state.js";
import { refusingDamage } from "./archiveDamage.js";
import { bodyEntries, type BodyEntry } from "./bodyEntries.js";
import type { AnyBody, BodyTypes } from "./bodyOf.js";
import type { BodyFilter, BodyLeap, BodyPage, PageOptions } from "./bodyPage.js";
import { findBody, readPage } from "./bodyPage.js";
import { ContentHold } from "./contentHold.js";
import type { PlacedInMemory, ReadSaved } from "./mergedBodies.js";
import type { SupervisorLog } from "./options.js";
import type { Placements } from "./placements.js";
import { roughLength } from "./roughLength.js";
import { Serial } from "../serial.js";
import { ofKind, type UnsavedBody } from "./unsavedBody.js";
import { UrgentSave } from "./urgentSave.js";

/** What one session has in the journal alone, not yet in the store. */
interface Unsaved {
  readonly owner: FolderOwner;
  readonly saves: Serial;
  bodies: UnsavedBody[];
  /** Of all its bodies. */
  length: number;
  /** How long a body may wait. */
  intervalMs: number;
  /** When they are to be saved, by the up-time clock. */
  dueUpMs: number;
}

/** Characters of unsaved bodies in all, from which on they are saved without waiting for their time. */
const UNSAVED_LENGTH = 8 * 1024 * 1024;

/**
 * The bodies of sessions. A body is in the journal until it is saved, and in the store after it: a file of the
 * session's own. Only what is not saved yet is held here, so memory does not grow with talk.
 */
export class Bodies {
  readonly #store: BodyStore;
  readonly #hold: ContentHold;
  readonly #placements: Pick<Placements, "ensure" | "forget"> | undefined;
  readonly #urgentSave: UrgentSave;
  readonly #unsaved = new Map<string, Unsaved>();
  #length = 0;

  /** @param options `hold` says when removals have to wait; `placements`, whose folder is still to be put in its place. */
  constructor(options: {
    readonly store: BodyStore;
    readonly hold?: ContentHold;
    readonly placements?: Pick<Placements, "ensure" | "forget">;
    readonly log?: Pick<SupervisorLog, "warn">;
  }) {
    this.#store = options.store;
    this.#hold = options.hold ?? new ContentHold();
    this.#placements = options.placements;
    this.#urgentSave = new UrgentSave(() => this.save(), options.log);
  }

  /** Begins to put the bodies together of a session that is still to be made. */
  stage(): Promise<StagedBodies> {
    return this.#store.stage();
  }

  /** Whether so much is unsaved that saving should not wait. */
  get isFull(): boolean {
    return this.#length > UNSAVED_LENGTH;
  }

  /** Whether the store has all of them. */
  get areSaved(): boolean {
    return this.#unsaved.size === 0;
  }

  /** Takes the body of a durable event, or one that a snapshot held. */
  add(session: Session, one: AnyBody, upMs: number): void {
    const { sessionId, createdSeq, config } = session;
    let unsaved = this.#unsaved.get(sessionId);
    if (unsaved === undefined) {
      const owner = { sessionId, createdSeq };
      const intervalMs = config.autoSaveIntervalMs;
      const dueUpMs = upMs + intervalMs;
      unsaved = { owner, saves: new Serial(), bodies: [], length: 0, intervalMs, dueUpMs };
      this.#unsaved.set(sessionId, unsaved);
    }
    const length = 64 + roughLength(one.body);
    unsaved.bodies.push({ ...one, length, upMs });
    unsaved.intervalMs = config.autoSaveIntervalMs;
    unsaved.length += length;
    this.#length += length;
  }

  /** All bodies that are in memory, with their sessions, for a snapshot. */
  entries(): BodyEntry[] {
    return bodyEntries(this.#unsaved, this.#store);
  }

  /** The seq of the first body of each session that a snapshot has to hold, of any kind, by the session's id. */
  firstUnsaved(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#unsaved].map(([sessionId, { bodies }]) => [sessionId, bodies[0]?.body.seq ?? 0]),
    );
  }

  /**
   * How much of what a session has in the store comes before the body of `beforeSeq`. Nothing of it changes any more,
   * if that one was not saved at the time.
   */
  async savedBytes(owner: FolderOwner, kind: BodyKind, beforeSeq: number): Promise<number> {
    this.#placements?.ensure(owner);
    const look = (): Promise<number> => this.#store.bytesBefore(owner, kind, beforeSeq);
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
      try {
        await unsaved.saves.run(() => this.#saveOne(sessionId, unsaved));
      } catch (error) {
        failures.push(error);
        if (Number.isFinite(upMs)) unsaved.dueUpMs = upMs + unsaved.intervalMs;
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Saves what one session has, and throws where that fails. */
  async saveOf(sessionId: string): Promise<void> {
    const unsaved = this.#unsaved.get(sessionId);
    await unsaved?.saves.run(() => this.#saveOne(sessionId, unsaved));
  }

  /**
   * Saves everything if so much is unsaved that it should not wait, or joins the save that does so already; undefined
   * where there is nothing to wait for. Never rejects: a failure is logged once, and tried again after a pause.
   */
  saveIfFull(): Promise<void> | undefined {
    return this.isFull ? this.#urgentSave.run() : undefined;
  }

  /**
   * One page of a session's bodies of one kind, of all or of those that are wanted.
   *
   * @param toCome what is no body yet, and is listed behind all that are: its seqs are greater.
   */
  async read<Kind extends BodyKind>(
    session: FolderOwner,
    kind: Kind,
    options: PageOptions,
    isWanted?: BodyFilter<BodyTypes[Kind]>,
    toCome: readonly PlacedInMemory<BodyTypes[Kind]>[] = [],
    leap?: BodyLeap<BodyTypes[Kind]>,
  ): Promise<BodyPage<BodyTypes[Kind]>> {
    this.#placements?.ensure(session);
    const inMemory = [...ofKind(this.#unsaved.get(session.sessionId)?.bodies, kind), ...toCome];
    const seek = (body: BodyTypes[Kind]): Promise<number> | undefined => {
      const place = leap?.(body);
      return place === undefined ? undefined : this.#store.seek(session, kind, place);
    };
    return refusingDamage(readPage(this.#reader(session, kind), inMemory, options, isWanted, seek));
  }

  /** The newest of a session's bodies of one kind that is wanted, if any can be read. */
  async find<Kind extends BodyKind>(
    session: FolderOwner,
    kind: Kind,
    isWanted: BodyFilter<BodyTypes[Kind]>,
  ): Promise<BodyTypes[Kind] | undefined> {
    this.#placements?.ensure(session);
    const inMemory = ofKind(this.#unsaved.get(session.sessionId)?.bodies, kind);
    return refusingDamage(findBody(this.#reader(session, kind), inMemory, isWanted));
  }

  /** Forgets what a deleted session has in memory, and answers it; its folder stays as it is. */
  forget(session: Session): Unsaved | undefined {
    const { sessionId } = session;
    this.#placements?.forget(session);
    const unsaved = this.#unsaved.get(sessionId);
    this.#unsaved.delete(sessionId);
    this.#length -= unsaved?.length ?? 0;
    return unsaved;
  }

  /**
   * Removes everything that a deleted session kept, when `idle` says that nobody works there any more. Where that fails
   * its folder stays, unless the next start still finds the deletion behind the last snapshot.
   */
  async remove(session: Session, idle: Promise<void> = Promise.resolve()): Promise<void> {
    const unsaved = this.forget(session);
    const removal = (): Promise<void> => idle.then(() => this.#store.remove(session));
    await this.#hold.removal(() => (unsaved === undefined ? removal() : unsaved.saves.run(removal)));
  }

  #reader<Kind extends BodyKind>(owner: FolderOwner, kind: Kind): ReadSaved<BodyTypes[Kind]> {
    return (range) => this.#store.read(owner, kind, range);
  }

  async #saveOne(sessionId: string, unsaved: Unsaved): Promise<void> {
    if (this.#unsaved.get(sessionId) !== unsaved) return;
    this.#placements?.ensure(unsaved.owner);
    const saved = [...unsaved.bodies];
    // Where one kind cannot be saved, all are saved again: to append what is there already changes nothing.
    for (const kind of new Set(saved.map((one) => one.kind))) {
      const bodies = ofKind(saved, kind).map(({ body }) => body);
      await this.#store.append(unsaved.owner, kind, bodies);
    }
    if (this.#unsaved.get(sessionId) !== unsaved) return;
    const savedLength = saved.reduce((sum, { length }) => sum + length, 0);
    this.#length -= savedLength;
    unsaved.length -= savedLength;
    unsaved.bodies = unsaved.bodies.slice(saved.length);
    const [first] = unsaved.bodies;
    if (first === undefined) this.#unsaved.delete(sessionId);
    else unsaved.dueUpMs = first.upMs + unsaved.intervalMs;
  }
}
