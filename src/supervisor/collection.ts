import type { Event, Stamp } from "../session/events.js";
import { Layered, type OrderedView, type Slot } from "./layered.js";
import { OwnerIndex } from "./ownerIndex.js";
import { References } from "./references.js";

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
  /** What a thing refers to, such as a session that has to stay for it; left out where they refer to nothing. */
  refersTo?(thing: Thing): string | undefined;
  /** How a thing that may be large is several entries of a snapshot; left out where it is one. */
  readonly pieces?: Pieces<Thing>;
  /** How the things belong to sessions; left out where they belong to none. */
  readonly owned?: Ownership<Thing>;
}

/** How a thing is taken apart, so that no entry of a snapshot is large, and put together again. */
export interface Pieces<Thing extends object> {
  /** The entries in order, each of them a thing by itself. */
  of(thing: Thing): readonly Thing[];
  /** What came so far, with one more piece. */
  join(before: Thing, piece: Thing): Thing;
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
  readonly #references = new References();

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

  /** Whether any thing, as the next command sees it, refers to that. */
  isReferredTo(id: string): boolean {
    return this.#references.has(id);
  }

  /** All that is durable, as entries of a snapshot. */
  entries(): Thing[] {
    const { pieces } = this.kind;
    const things = [...this.committed.values()];
    return pieces === undefined ? things : things.flatMap((thing) => pieces.of(thing));
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
    this.#references.clear();
    for (const thing of this.committed.values()) {
      this.#link(thing);
      this.#refer(undefined, thing);
    }
  }

  /** Takes over one entry of a snapshot. */
  restore(entry: Thing): void {
    const { kind } = this;
    const id = kind.keyOf(entry);
    const before = this.#layers.head(id);
    const thing = before === undefined ? entry : (kind.pieces?.join(before, entry) ?? entry);
    this.#layers.restore(id, thing);
    this.#link(thing);
    this.#refer(before, thing);
  }

  #move(id: string, value: Thing | undefined, seq: number): void {
    const slot = this.#layers.slot(id);
    this.#refer(slot.head, value);
    this.#layers.move(slot, value, seq);
    this.#moves.push({ seq, slot, value });
  }

  #refer(before: Thing | undefined, after: Thing | undefined): void {
    const { kind } = this;
    if (kind.refersTo === undefined) return;
    const of = (thing: Thing | undefined) => (thing === undefined ? undefined : kind.refersTo?.(thing));
    this.#references.move(of(before), of(after));
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
