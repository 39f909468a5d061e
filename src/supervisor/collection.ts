import type { Event, Stamp } from "../session/events.js";
import { Layered, type OrderedView, type Slot } from "./layered.js";

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

  /** The things as they are durable, in the order in which they became so. */
  get committed(): OrderedView<Thing> {
    return this.#layers.committed;
  }

  /** Moves head by one event of a record; `seq` is that of the record's last event. */
  apply(event: Event, stamp: Stamp, seq: number): void {
    const id = this.kind.idOf(event);
    if (id === undefined) return;
    const slot = this.#layers.slot(id);
    const value = this.kind.evolve(slot.head, event, stamp);
    this.#layers.move(slot, value, seq);
    this.#moves.push({ seq, slot, value });
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
  }

  /** Takes over one entry of a snapshot. */
  restore(thing: Thing): void {
    this.#layers.restore(this.kind.keyOf(thing), thing);
  }
}
