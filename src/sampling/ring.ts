/** What was measured over a time. Averages are weighted by `count`, the measurements in it. */
export interface Bucket {
  /** When it begins, wall time in epoch milliseconds. */
  readonly at: number;
  readonly count: number;
  readonly cpuPercent: number;
  readonly cpuPercentMax: number;
  readonly memoryBytes: number;
  readonly memoryBytesMax: number;
  readonly processes: number;
  readonly processesMax: number;
  /** The last one that was known; NaN where none was. */
  readonly diskBytes: number;
}

const FIELDS = [
  "count",
  "cpuPercent",
  "cpuPercentMax",
  "memoryBytes",
  "memoryBytesMax",
  "processes",
  "processesMax",
  "diskBytes",
] as const satisfies readonly (keyof Bucket)[];
const WIDTH = FIELDS.length;
const FIRST_LENGTH = 16;

/**
 * The last so many buckets, oldest first, in arrays that begin small and double up to their bound: 40 bytes each. Bytes
 * are kept in 24 bits, which is a sixteenth millionth of their size.
 */
export class Ring {
  readonly #capacity: number;
  #times = new Float64Array(0);
  #values = new Float32Array(0);
  #begin = 0;
  #size = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether the next one pushes the oldest out. */
  get isFull(): boolean {
    return this.#size === this.#capacity;
  }

  /** What it takes in memory. */
  get sizeBytes(): number {
    return this.#times.byteLength + this.#values.byteLength;
  }

  /** When the oldest one begins; infinite where there is none. */
  get oldestAt(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#timeAt(0);
  }

  /** Adds one at the end. Those that claim to be later go: the clock was set back. */
  push(bucket: Bucket): void {
    while (this.#size > 0 && this.#timeAt(this.#size - 1) >= bucket.at) this.#size -= 1;
    if (this.#size === this.#times.length) this.#grow();
    if (this.#size === this.#capacity) {
      this.#begin = (this.#begin + 1) % this.#capacity;
      this.#size -= 1;
    }
    const slot = this.#slot(this.#size);
    this.#times[slot] = bucket.at;
    for (const [index, field] of FIELDS.entries()) this.#values[slot * WIDTH + index] = bucket[field];
    this.#size += 1;
  }

  /** Those that begin at `since` or later, oldest first. */
  from(since: number): Bucket[] {
    // They are in the order of time, so the first one is found by halving.
    let [low, high] = [0, this.#size];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#timeAt(middle) < since) low = middle + 1;
      else high = middle;
    }
    return Array.from({ length: this.#size - low }, (_, offset) => this.#bucketAt(low + offset));
  }

  #grow(): void {
    const length = Math.min(this.#capacity, Math.max(FIRST_LENGTH, this.#times.length * 2));
    if (length === this.#times.length) return;
    const times = new Float64Array(length);
    const values = new Float32Array(length * WIDTH);
    // It grows only while it has never turned over, so what is there lies at the beginning.
    times.set(this.#times);
    values.set(this.#values);
    this.#times = times;
    this.#values = values;
  }

  #slot(index: number): number {
    return (this.#begin + index) % this.#times.length;
  }

  #timeAt(index: number): number {
    return this.#times[this.#slot(index)] ?? 0;
  }

  #bucketAt(index: number): Bucket {
    const slot = this.#slot(index);
    const bucket: Record<string, number> = { at: this.#times[slot] ?? 0 };
    for (const [offset, field] of FIELDS.entries())
      bucket[field] = this.#values[slot * WIDTH + offset] ?? Number.NaN;
    return bucket as unknown as Bucket;
  }

  /** The buckets as text, for a file; {@link Ring.fill} reads it. */
  encode(): string {
    const bytes = Buffer.allocUnsafe(this.#size * (8 + 4 * WIDTH));
    let at = 0;
    for (let index = 0; index < this.#size; index++) {
      const slot = this.#slot(index);
      at = bytes.writeDoubleLE(this.#times[slot] ?? 0, at);
      for (let offset = 0; offset < WIDTH; offset++)
        at = bytes.writeFloatLE(this.#values[slot * WIDTH + offset] ?? Number.NaN, at);
    }
    return bytes.toString("base64");
  }

  /** Takes over what `encode` wrote; a text that is none is nothing. */
  fill(text: string): void {
    const bytes = Buffer.from(text, "base64");
    for (let at = 0; at + 8 + 4 * WIDTH <= bytes.length; at += 8 + 4 * WIDTH) {
      const bucket: Record<string, number> = { at: bytes.readDoubleLE(at) };
      for (const [offset, field] of FIELDS.entries()) bucket[field] = bytes.readFloatLE(at + 8 + 4 * offset);
      this.push(bucket as unknown as Bucket);
    }
  }
}
