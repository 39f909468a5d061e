/**
 * A map in two layers: what is durable, and over it what was decided since. Both share every value that
 * did not change, so the upper layer costs only what is on its way to the disk.
 */
export class Layered<Value extends object> {
  readonly #committed = new Map<string, Value>();
  /** Values decided and not yet durable, each with the record that decided it; undefined is a removal. */
  readonly #ahead = new Map<string, { readonly value: Value | undefined; readonly seq: number }>();
  #headSize = 0;

  get committed(): ReadonlyMap<string, Value> {
    return this.#committed;
  }

  /** How many there are at head. */
  get headSize(): number {
    return this.#headSize;
  }

  head(key: string): Value | undefined {
    const ahead = this.#ahead.get(key);
    return ahead === undefined ? this.#committed.get(key) : ahead.value;
  }

  /** Moves head by the record `seq`; undefined removes. */
  set(key: string, value: Value | undefined, seq: number): void {
    this.#headSize += Number(value !== undefined) - Number(this.head(key) !== undefined);
    this.#ahead.set(key, { value, seq });
  }

  /** Makes the value durable that the record `seq` moved head to. Records come in the order of their sets. */
  commit(key: string, value: Value | undefined, seq: number): void {
    if (value === undefined) this.#committed.delete(key);
    else this.#committed.set(key, value);
    // A later record may have moved head on; the values alone do not tell, two removals look the same.
    if (this.#ahead.get(key)?.seq === seq) this.#ahead.delete(key);
  }

  /** Head falls back to what is durable. */
  rollback(): void {
    this.#ahead.clear();
    this.#headSize = this.#committed.size;
  }

  /** Sets both layers at once, when a snapshot is read. */
  restore(key: string, value: Value): void {
    this.#committed.set(key, value);
    this.#headSize = this.#committed.size;
  }
}
