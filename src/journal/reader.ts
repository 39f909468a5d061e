import type { DiskOperations } from "../disk/operations.js";
import { JournalDamagedError, ReplayGapError } from "./errors.js";
import { parseRecord } from "./record.js";
import { SegmentScan, type ScannedRecord } from "./scan.js";
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
   * Checks the segments that a start took on trust, oldest first. `goOn` is asked before each piece, and may take its
   * time; where it answers false, that is the end. One that is removed meanwhile was needed by nobody.
   */
  async checkTrusted(goOn: () => Promise<boolean>): Promise<void> {
    let checkedSeq = 0;
    while (await goOn()) {
      const segment = this.#segments.find(
        ({ first, statedEnd }) => statedEnd !== undefined && first > checkedSeq,
      );
      if (segment?.statedEnd === undefined) return;
      checkedSeq = segment.statedEnd.seq;
      try {
        if (!(await this.#checkSegment(segment, goOn))) return;
      } catch (error) {
        if (this.#segments.includes(segment)) throw error;
      }
    }
  }

  async #checkSegment(segment: Segment, goOn: () => Promise<boolean>): Promise<boolean> {
    const beforeSeq = segment.first - 1;
    const scan = new SegmentScan(segment.path, segment.positionBefore(beforeSeq), this.#operations);
    for await (const block of scan.blocks(segment.sizeBytes, true)) {
      notePlaces(segment, block);
      if (!(await goOn())) return false;
    }
    checkEnd(segment, scan, beforeSeq);
    return true;
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
      notePlaces(segment, block);
      for (const { seq: recordSeq, line } of block) {
        if (recordSeq <= seq) continue;
        const record = parseRecord(line.bytes);
        if (record === undefined) {
          throw new JournalDamagedError(segment.path, line.offset, "it is not a record");
        }
        yield record;
      }
    }
    checkEnd(segment, scan, seq);
  }
}

/** Remembers where good records end, so that the next reader begins near to where it wants to. */
function notePlaces(segment: Segment, block: readonly ScannedRecord[]): void {
  for (const { seq, line, crc } of block) segment.note(seq, line.offset + line.bytes.length + 1, crc);
}

/** Holds what was read of a segment against how far it has to go: beyond `seq`, and to where its successor goes on. */
function checkEnd({ path, statedEnd }: Segment, { bad, position }: SegmentScan, seq: number): void {
  if (bad !== undefined) throw new JournalDamagedError(path, bad.line.offset, bad.reason);
  const isAsStated =
    statedEnd === undefined ||
    (position.seq === statedEnd.seq &&
      position.offset === statedEnd.offset &&
      position.chain === statedEnd.chain);
  if (position.seq > seq && isAsStated) return;
  throw new JournalDamagedError(path, position.offset, `it ends with seq ${position.seq}`);
}
