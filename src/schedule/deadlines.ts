interface Entry<K> {
  readonly dueMs: number;
  readonly key: K;
}

/** Below this, stale entries are not worth a compaction. */
const SMALL_LENGTH = 64;

/**
 * The deadlines of many keys in one binary min-heap, lazily: activity that moves a deadline *later* costs nothing.
 * The owner leaves the old entry armed, and when it pops computes the real due time and arms again. So a session that
 * beats a thousand times before its deadline costs one entry and one look, not a thousand moves.
 *
 * `arm` and `popDue` are O(log n). Entries overtaken by an earlier one or disarmed stay behind as stale ones, which
 * are skipped when they come up, and swept out when they outnumber the live ones.
 */
export class DeadlineHeap<K> {
  #heap: Entry<K>[] = [];
  readonly #armed = new Map<K, Entry<K>>();

  /** How many keys are armed. */
  get size(): number {
    return this.#armed.size;
  }

  /** How many entries are held, stale ones included: at most twice `size`, or 64. For tests and metrics. */
  get entries(): number {
    return this.#heap.length;
  }

  /**
   * Makes sure that `key` pops at `dueMs` at the latest. Nothing changes when it is armed for that time or earlier.
   * Throws a RangeError for a time that is not finite: a deadline that never comes is one not to arm.
   */
  arm(key: K, dueMs: number): void {
    if (!Number.isFinite(dueMs)) throw new RangeError(`a deadline must be a finite time, not ${dueMs}`);
    const armed = this.#armed.get(key);
    if (armed !== undefined && armed.dueMs <= dueMs) return;
    const entry = { dueMs, key };
    this.#armed.set(key, entry);
    this.#heap.push(entry);
    this.#siftUp(this.#heap.length - 1);
    this.#sweep();
  }

  /** Forgets the deadline of `key`, if there is one. */
  disarm(key: K): void {
    if (this.#armed.delete(key)) this.#sweep();
  }

  /**
   * Takes out the keys that are due at `nowMs`, earliest first, at most `limit` of them. Each is disarmed by that:
   * whoever takes it looks whether it is really due by now, and otherwise arms it again.
   */
  popDue(nowMs: number, limit = Number.POSITIVE_INFINITY): K[] {
    const due: K[] = [];
    while (due.length < limit) {
      this.#dropStaleTop();
      const [top] = this.#heap;
      if (top === undefined || top.dueMs > nowMs) break;
      this.#removeTop();
      this.#armed.delete(top.key);
      due.push(top.key);
    }
    this.#sweep();
    return due;
  }

  #dropStaleTop(): void {
    for (let [top] = this.#heap; top !== undefined && !this.#isLive(top); [top] = this.#heap)
      this.#removeTop();
  }

  #isLive(entry: Entry<K>): boolean {
    return this.#armed.get(entry.key) === entry;
  }

  /** Runs once per as many changes as it handles entries, so it adds O(1) to each of them. */
  #sweep(): void {
    if (this.#heap.length <= Math.max(SMALL_LENGTH, 2 * this.#armed.size)) return;
    this.#heap = [...this.#armed.values()];
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index -= 1) this.#siftDown(index);
  }

  #removeTop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown(0);
  }

  #siftUp(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfLater(parent, index)) return;
      index = parent;
    }
  }

  #siftDown(start: number): void {
    let index = start;
    for (;;) {
      const left = 2 * index + 1;
      const child = this.#isLater(left, left + 1) ? left + 1 : left;
      if (!this.#swapIfLater(index, child)) return;
      index = child;
    }
  }

  #swapIfLater(upper: number, lower: number): boolean {
    const [above, below] = [this.#heap[upper], this.#heap[lower]];
    if (above === undefined || below === undefined || above.dueMs <= below.dueMs) return false;
    this.#heap[upper] = below;
    this.#heap[lower] = above;
    return true;
  }

  /** True when both places exist and the first one is due later than the second. */
  #isLater(first: number, second: number): boolean {
    const [a, b] = [this.#heap[first], this.#heap[second]];
    return a !== undefined && b !== undefined && a.dueMs > b.dueMs;
  }
}
