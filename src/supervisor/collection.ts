import type { Event, Stamp } from "../session/events.js";
import { Layered, type OrderedView, type Slot } from "./layered.js";
import { OwnerIndex } from "./ownerIndex.js";

/** How the things of one kind follow from events. All of it is pure. */
export interface Kind<Thing extends object> {
  /** What its entries in a snapshot are called; never changed, since old snapshots say it. */
  readonly name: string;
  /** The id of a thing. */
  keyOf(thing: Thing): string;
  /** The id of the thing that an event is about; undefined where it is about none of this kind. */
  idOf(event: Event): string | undefined;
  /** The thing after an event, as a new object; undefined where it is gone. */
  evolve(thing: Thing | undefined, event: Event, stamp: Stamp): Thing | undefined;
  /** How the things belong to sessions; left out where they belong to none. */
  readonly owned?: Ownership<Thing>;
}

/** How the things of a kind belong to sessions: one that is deleted takes its own with it. */
export interface Ownership<Thing extends object> {
  /** The session that a thing belongs to, as long as there is that thing. */
  ownerOf(thing: Thing): string;
  /** Whether a thing is over, and may be dropped. */
  isOver(thing: Thing): boolean;
  /** How many that are over are kept of one session: the oldest go first, and those that are not over never. */
  readonly keepPerSession: number;
}

/** What a record made of one thing. */
interface Move<Thing extends object> {
  /** Of the record's last event. */
  readonly seq: number;
  readonly slot: Slot<Thing>;
  readonly value: Thing | undefined;
}

/**
 * All things of one kind beside sessions and commands, twice: as they are durable, and at head. It takes every event
 * there is, and knows by itself which of its moves a record made.
 */
export class Collection<Thing extends object> {
  readonly kind: Kind<Thing>;
  readonly #layers = new Layered<Thing>();
  /** What is on its way to the disk, in the order of the records. */
  #moves: Move<Thing>[] = [];
  readonly #index = new OwnerIndex();

  constructor(kind: Kind<Thing>) {
    this.kind = kind;
  }

  /** One thing as the next command sees it. */
  head(id: string): Thing | undefined {
    return this.#layers.head(id);
  }

  get headSize(): number {
    return this.#layers.headSize;
  }

  /** Those of one session as the next command sees them, oldest first. */
  *headOf(sessionId: string): Generator<Thing> {
    for (const id of this.#index.idsOf(sessionId)) {
      const thing = this.#layers.head(id);
      if (thing !== undefined) yield thing;
    }
  }

  /** Those of one session as they are durable, oldest first; without what is being dropped. */
  *committedOf(sessionId: string): Generator<Thing> {
    const { owned } = this.kind;
    for (const id of this.#index.idsOf(sessionId)) {
      const thing = this.committed.get(id);
      // At head the id may be in use again already, by another session.
      if (thing !== undefined && owned?.ownerOf(thing) === sessionId) yield thing;
    }
  }

  /** The things as they are durable, in the order in which they became so. */
  get committed(): OrderedView<Thing> {
    return this.#layers.committed;
  }

  /** Moves head by one event of a record; `seq` is that of the record's last event. */
  apply(event: Event, stamp: Stamp, seq: number): void {
    if (event.type === "session/deleted") this.#dropAll(event.sessionId, seq);
    const id = this.kind.idOf(event);
    if (id === undefined) return;
    const before = this.#layers.head(id);
    const value = this.kind.evolve(before, event, stamp);
    this.#move(id, value, seq);
    if (this.kind.owned !== undefined) this.#own(this.kind.owned, id, before, value, seq);
  }

  /** Makes durable what the records up to `seq` moved. */
  commit(seq: number): void {
    let done = 0;
    for (const move of this.#moves) {
      if (move.seq > seq) break;
      this.#layers.commit(move.slot, move.value, move.seq);
      done += 1;
    }
    if (done > 0) this.#moves = this.#moves.slice(done);
  }

  /** Head falls back to what is durable. */
  rollback(): void {
    this.#moves = [];
    this.#layers.rollback();
    this.#index.clear();
    for (const thing of this.committed.values()) this.#link(thing);
  }

  /** Takes over one entry of a snapshot. */
  restore(thing: Thing): void {
    this.#layers.restore(this.kind.keyOf(thing), thing);
    this.#link(thing);
  }

  #move(id: string, value: Thing | undefined, seq: number): void {
    const slot = this.#layers.slot(id);
    this.#layers.move(slot, value, seq);
    this.#moves.push({ seq, slot, value });
  }

  #link(thing: Thing): void {
    const { owned } = this.kind;
    if (owned !== undefined)
      this.#index.add(owned.ownerOf(thing), this.kind.keyOf(thing), owned.isOver(thing));
  }

  /** Keeps the index by what an event made of a thing, and drops what is too much. */
  #own(
    owned: Ownership<Thing>,
    id: string,
    before: Thing | undefined,
    value: Thing | undefined,
    seq: number,
  ): void {
    if (value === undefined) {
      if (before !== undefined) this.#index.remove(owned.ownerOf(before), id, owned.isOver(before));
      return;
    }
    const sessionId = owned.ownerOf(value);
    if (before === undefined) this.#index.add(sessionId, id, owned.isOver(value));
    else this.#index.turn(sessionId, owned.isOver(before), owned.isOver(value));
    while (this.#index.overOf(sessionId) > owned.keepPerSession) this.#dropOldest(sessionId, owned, seq);
  }

  #dropOldest(sessionId: string, owned: Ownership<Thing>, seq: number): void {
    for (const id of this.#index.idsOf(sessionId)) {
      const thing = this.#layers.head(id);
      if (thing !== undefined && !owned.isOver(thing)) continue;
      this.#index.remove(sessionId, id, true);
      return this.#move(id, undefined, seq);
    }
  }

  #dropAll(sessionId: string, seq: number): void {
    const { owned } = this.kind;
    for (const id of this.#index.idsOf(sessionId)) {
      const thing = this.#layers.head(id);
      this.#index.remove(sessionId, id, thing !== undefined && owned?.isOver(thing) === true);
      this.#move(id, undefined, seq);
    }
  }
}
