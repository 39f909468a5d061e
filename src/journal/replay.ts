import type { DiskOperations } from "../disk/operations.js";
import { JournalDamagedError } from "./errors.js";
import { parseRecord } from "./record.js";
import { SegmentScan, type ScannedRecord } from "./scan.js";
import { Segment, type Position } from "./segment.js";
import type { LinkedSegment } from "./segmentChain.js";
import { laterClaim, looksCut, looksZeroed } from "./tear.js";
import { trustSegment } from "./trustSegment.js";
import type { StoredRecord } from "./types.js";

/** Where the records end that a start can take over. */
export interface ReplayedTail {
  readonly segments: Segment[];
  /** Behind the last record that something behind it claims to be durable; it is in the last segment. */
  readonly claimed: Position;
  /** Behind the last good record. */
  readonly end: Position;
  /** Why the records end before the file does. */
  readonly torn: { readonly offset: number; readonly reason: string } | undefined;
  readonly bytesSinceSnapshot: number;
}

export interface ReplayOptions {
  /** Records up to here are checked only. */
  readonly after: { readonly seq: number; readonly chain: number };
  /** Whether segments that have nothing after that are read as well; else their ends are looked at alone. */
  readonly checksKept: boolean;
  readonly replay: (record: StoredRecord) => void | Promise<void>;
  readonly operations: DiskOperations;
}

/**
 * Reads the segments, checks every record and replays those after the snapshot. What is kept for readers alone is left
 * to them, and to a check later on, unless it is asked for. Throws JournalDamagedError.
 */
export class Replay {
  readonly #options: ReplayOptions;
  readonly #segments: Segment[] = [];
  #bytesSinceSnapshot = 0;
  #seq: number;
  #chain: number;
  #lastRecord: ScannedRecord | undefined;
  /** The end of the last record that something has claimed, in the last segment. */
  #claimed: Position;
  /** Ends of the records behind it. */
  #unclaimed: Position[] = [];

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#seq = options.after.seq;
    this.#chain = options.after.chain;
    this.#claimed = { ...options.after, offset: 0 };
  }

  async run(chain: readonly LinkedSegment[]): Promise<ReplayedTail> {
    let end = this.#claimed;
    let torn: ReplayedTail["torn"];
    const { after, checksKept, operations } = this.#options;
    for (const [index, linked] of chain.entries()) {
      const next = chain[index + 1];
      if (!checksKept && next !== undefined && next.header.first <= after.seq + 1) {
        this.#segments.push(await trustSegment(linked, next, operations));
        continue;
      }
      const scan = await this.#readSegment(linked);
      if (next !== undefined) checkSealed(linked, next, scan);
      else if (scan.bad !== undefined) torn = await this.#judge(linked.path, scan, scan.bad);
      end = scan.position;
    }
    return {
      segments: this.#segments,
      claimed: this.#claimed,
      end,
      torn,
      bytesSinceSnapshot: this.#bytesSinceSnapshot,
    };
  }

  async #readSegment({ path, header, recordsAt, sealedBytes }: LinkedSegment): Promise<SegmentScan> {
    const start = { seq: header.first - 1, offset: recordsAt, chain: header.chain };
    const { mtimeMs } = await this.#options.operations.lstat(path);
    const segment = new Segment(path, start, mtimeMs);
    this.#segments.push(segment);
    this.#seq = start.seq;
    this.#chain = start.chain;
    this.#lastRecord = undefined;
    this.#claimed = start;
    this.#unclaimed = [];
    if (start.seq === this.#options.after.seq) this.#checkSnapshot(path, 0, start.chain);
    const scan = new SegmentScan(path, start, this.#options.operations);
    for await (const block of scan.blocks(sealedBytes)) {
      for (const record of block) {
        segment.note(this.#seq, record.line.offset, this.#chain);
        const pending = this.#take(path, record);
        if (pending !== undefined) await pending;
      }
    }
    segment.sizeBytes = scan.position.offset;
    segment.lastAtMs = this.#lastAtMs() ?? mtimeMs;
    return scan;
  }

  /** One good record. Not an async function: a million awaits would cost more than the records. */
  #take(path: string, record: ScannedRecord): Promise<void> | undefined {
    const { after, replay } = this.#options;
    const { seq, durable, line, crc } = record;
    const before = this.#seq;
    this.#seq = seq;
    this.#chain = crc;
    this.#lastRecord = record;
    this.#claim(durable, { seq, offset: line.offset + line.bytes.length + 1, chain: crc });
    if (seq <= after.seq) {
      if (seq === after.seq) this.#checkSnapshot(path, line.offset, crc);
      return undefined;
    }
    const stored = parseRecord(line.bytes);
    if (stored === undefined || seq - stored.events.length !== before || before < after.seq) {
      throw new JournalDamagedError(path, line.offset, `the record does not continue seq ${before}`);
    }
    this.#bytesSinceSnapshot += line.bytes.length + 1;
    return replay(stored) ?? undefined;
  }

  #claim(durable: number, end: Position): void {
    if (durable > this.#claimed.seq) {
      // Nearly always the last element: a batch claims what was there before it.
      const index = this.#unclaimed.findLastIndex(({ seq }) => seq <= durable);
      this.#claimed = this.#unclaimed[index] ?? this.#claimed;
      this.#unclaimed.splice(0, index + 1);
    }
    this.#unclaimed.push(end);
  }

  #checkSnapshot(path: string, offset: number, chain: number): void {
    const { after } = this.#options;
    if (chain === after.chain) return;
    const reason =
      after.seq === 0
        ? "its chain does not begin at 0"
        : `the record of seq ${after.seq} is not the one that the snapshot follows`;
    throw new JournalDamagedError(path, offset, reason);
  }

  #lastAtMs(): number | undefined {
    return this.#lastRecord && parseRecord(this.#lastRecord.line.bytes)?.at;
  }

  async #judge(
    path: string,
    scan: SegmentScan,
    bad: NonNullable<SegmentScan["bad"]>,
  ): Promise<ReplayedTail["torn"]> {
    const { line, reason } = bad;
    const { seq, chain } = scan.position;
    const looks = looksCut(line, chain) ? "cut" : looksZeroed(line) ? "zeroed" : undefined;
    if (looks === undefined || (await laterClaim(path, line.offset, seq, this.#options.operations))) {
      throw new JournalDamagedError(path, line.offset, reason);
    }
    return {
      offset: line.offset,
      reason: `the record after seq ${seq} is ${looks}, and was never acknowledged`,
    };
  }
}

/** Holds the end of a segment against what its successor says of it. */
function checkSealed(linked: LinkedSegment, next: LinkedSegment, scan: SegmentScan): void {
  if (scan.bad !== undefined) {
    throw new JournalDamagedError(linked.path, scan.bad.line.offset, scan.bad.reason);
  }
  const { seq, offset, chain } = scan.position;
  if (offset === linked.sealedBytes && seq + 1 === next.header.first && chain === next.header.chain) return;
  throw new JournalDamagedError(
    next.path,
    0,
    `it does not continue ${linked.path}, which ends with seq ${seq}`,
  );
}
