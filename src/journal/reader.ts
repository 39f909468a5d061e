import type { DiskOperations } from "../disk/operations.js";
import { JournalDamagedError, ReplayGapError } from "./errors.js";
import { parseRecord } from "./record.js";
import { SegmentScan } from "./scan.js";
import type { Segment } from "./segment.js";
import type { StoredRecord } from "./types.js";

/** Reads durable records from the segments, and knows which segments are being read. */
export class Reader {
  /** The live list, oldest first. */
  readonly #segments: readonly Segment[];
  readonly #committedSeq: () => number;
  readonly #operations: DiskOperations;
  /** Where each open read is: it needs everything after that seq. */
  readonly #cursors = new Set<{ seq: number }>();

  constructor(segments: readonly Segment[], committedSeq: () => number, operations: DiskOperations) {
    this.#segments = segments;
    this.#committedSeq = committedSeq;
    this.#operations = operations;
  }

  get oldestSeq(): number {
    return this.#segments[0]?.first ?? 1;
  }

  /** No open read needs anything at or before this. */
  get readThroughSeq(): number {
    let least = Infinity;
    for (const { seq } of this.#cursors) least = Math.min(least, seq);
    return least;
  }

  async *read(afterSeq: number, untilSeq = Infinity): AsyncGenerator<StoredRecord> {
    if (afterSeq < this.oldestSeq - 1) throw new ReplayGapError(afterSeq, this.oldestSeq);
    const cursor = { seq: afterSeq };
    this.#cursors.add(cursor);
    try {
      while (cursor.seq < Math.min(untilSeq, this.#committedSeq())) {
        for await (const record of this.#readSegment(cursor.seq)) {
          cursor.seq = record.seq;
          yield record;
          if (record.seq >= untilSeq) return;
        }
      }
    } finally {
      this.#cursors.delete(cursor);
    }
  }

  /**
   * The records after `seq` in the segment that holds the next one, as far as they are durable now; at least
   * one.
   */
  async *#readSegment(seq: number): AsyncGenerator<StoredRecord> {
    const segment = this.#segments.findLast(({ first }) => first <= seq + 1);
    if (segment === undefined) throw new ReplayGapError(seq, this.oldestSeq);
    const scan = new SegmentScan(segment.path, segment.positionBefore(seq), this.#operations);
    for await (const block of scan.blocks(segment.sizeBytes)) {
      for (const { seq: recordSeq, line } of block) {
        if (recordSeq <= seq) continue;
        const record = parseRecord(line.bytes);
        if (record === undefined) {
          throw new JournalDamagedError(segment.path, line.offset, "it is not a record");
        }
        yield record;
      }
    }
    if (scan.bad !== undefined) {
      throw new JournalDamagedError(segment.path, scan.bad.line.offset, scan.bad.reason);
    }
    if (scan.position.seq <= seq) {
      throw new JournalDamagedError(
        segment.path,
        scan.position.offset,
        `it ends with seq ${scan.position.seq}`,
      );
    }
  }
}
