/** Both layers of one key, in one place: a write finds it once, and moves both without looking again. */
export interface Slot<Value extends object> {
  readonly key: string;
  /** As it is decided. */
  readonly head: Value | undefined;
  /** As it is durable. */
  readonly committed: Value | undefined;
  /** The record that moved head last. */
  readonly seq: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What is durable, in the order in which it became so. */
export interface CommittedView<Value> extends Iterable<readonly [key: string, value: Value]> {
  readonly size: number;
  get(key: string): Value | undefined;
  has(key: string): boolean;
  keys(): Iterable<string>;
  values(): Iterable<Value>;
}

/** The same, from either end. */
export interface OrderedView<Value> extends CommittedView<Value> {
  /** The values the other way round. They are reached at once, and not by way of all that are older. */
  newestFirst(): Iterable<Value>;
}

/**
 * A map in two layers: what is durable, and over it what was decided since. Both share every value that
 * did not change, so the upper layer costs only what is on its way to the disk.
 */
export class Layered<Value extends object> {
  readonly #slots = new Map<string, Writable<Slot<Value>>>();
  #headSize = 0;
  #committedSize = 0;

  /** How many there are at head. */
  get headSize(): number {
    return this.#headSize;
  }

  head(key: string): Value | undefined {
    return this.#slots.get(key)?.head;
  }

  /** The place of a key, also of one that has no value yet. To be used in this tick alone. */
  slot(key: string): Slot<Value> {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot = { key, head: undefined, committed: undefined, seq: 0 };
    this.#slots.set(key, slot);
    return slot;
  }

  /** Moves head by the record `seq`; undefined removes. */
  move(slot: Slot<Value>, value: Value | undefined, seq: number): void {
    const moved: Writable<Slot<Value>> = slot;
    this.#headSize += Number(value !== undefined) - Number(moved.head !== undefined);
    moved.head = value;
    moved.seq = seq;
  }

  /** Makes the value durable that the record `seq` moved head to. Records come in the order of their moves. */
  commit(slot: Slot<Value>, value: Value | undefined, seq: number): void {
    const moved: Writable<Slot<Value>> = slot;
    const before = moved.committed;
    moved.committed = value;
    if (value !== undefined && before !== undefined) return;
    this.#committedSize += Number(value !== undefined) - Number(before !== undefined);
    // To the end, where it is new; and gone, unless a later record has moved head again.
    this.#slots.delete(moved.key);
    if (value !== undefined || moved.seq !== seq) this.#slots.set(moved.key, moved);
  }

  /** Head falls back to what is durable. */
  rollback(): void {
    for (const slot of this.#slots.values()) {
      slot.head = slot.committed;
      if (slot.committed === undefined) this.#slots.delete(slot.key);
    }
    this.#headSize = this.#committedSize;
  }

  /** Sets both layers at once, when a snapshot is read. */
  restore(key: string, value: Value): void {
    const slot = this.slot(key);
    this.move(slot, value, 0);
    this.commit(slot, value, 0);
  }

  get committed(): OrderedView<Value> {
    return this.#committed;
  }

  readonly #committed: OrderedView<Value> = viewOf(this.#slots, () => this.#committedSize);
}

function viewOf<Value extends object>(
  slots: ReadonlyMap<string, Slot<Value>>,
  sizeOf: () => number,
): OrderedView<Value> {
  return {
    get size() {
      return sizeOf();
    },
    get: (key) => slots.get(key)?.committed,
    has: (key) => slots.get(key)?.committed !== undefined,
    *keys() {
      for (const { key, committed } of slots.values()) if (committed !== undefined) yield key;
    },
    *values() {
      for (const { committed } of slots.values()) if (committed !== undefined) yield committed;
    },
    *newestFirst() {
      // A map is walked in one direction alone. To list its places costs little beside looking at what is in them.
      const places = [...slots.values()];
      for (let index = places.length - 1; index >= 0; index -= 1) {
        const committed = places[index]?.committed;
        if (committed !== undefined) yield committed;
      }
    },
    *[Symbol.iterator]() {
      for (const { key, committed } of slots.values()) if (committed !== undefined) yield [key, committed];
    },
  };
}
