/** A place between two records, from which the file can be read on and checked. */
export interface Position {
  /** Seq of the last event before it. */
  readonly seq: number;
  readonly offset: number;
  /** crc of the record before it. */
  readonly chain: number;
}

/** At most this many bytes are read in vain to find a record. */
const INDEX_STEP_BYTES = 64 * 1024;

/** What is known of a segment while the journal is open. */
export class Segment {
  readonly first: number;
  readonly path: string;
  /** How many of its bytes count: durable, and not void. */
  sizeBytes: number;
  /** `at` of its last record; of a segment without records, the time of its creation. */
  lastAtMs: number;
  /** Where its records end, as its successor says: of a segment that the start took on that word. Whoever reads checks it. */
  statedEnd: Position | undefined;
  readonly #index: Position[];

  constructor(path: string, start: Position, lastAtMs: number) {
    this.path = path;
    this.first = start.seq + 1;
    this.sizeBytes = start.offset;
    this.lastAtMs = lastAtMs;
    this.#index = [start];
  }

  /** Remembers a place, if it is far enough from the last one. Places come in order. */
  note(seq: number, offset: number, chain: number): void {
    const last = this.#index.at(-1);
    if (last === undefined || offset - last.offset >= INDEX_STEP_BYTES)
      this.#index.push({ seq, offset, chain });
  }

  /** The last remembered place that is not behind that seq, or the start of the records. */
  positionBefore(seq: number): Position {
    let low = 0;
    let high = this.#index.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#index[middle]?.seq ?? 0) <= seq) low = middle;
      else high = middle - 1;
    }
    return this.#index[low] ?? { seq: this.first - 1, offset: 0, chain: 0 };
  }
}
