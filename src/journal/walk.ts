import type { DiskOperations } from "../disk/operations.js";
import type { Fault, Piece, SegmentFile, Step } from "./findings.js";
import { formatHeader } from "./header.js";
import { scanPiece } from "./pieceScan.js";
import { resync } from "./resync.js";
import type { Position } from "./segment.js";
import { readSegmentFiles } from "./segmentFiles.js";

/** How the segments are walked through. */
export interface WalkOptions {
  readonly journalDir: string;
  /** The numbers of the segments, ascending. */
  readonly firsts: readonly number[];
  /** Chains that are known from elsewhere, by seq: those of whole snapshots. */
  readonly anchors: ReadonlyMap<number, number>;
  /** Records after it are parsed too. */
  readonly parseAfter: number;
  readonly operations: DiskOperations;
}

/**
 * Goes through all segments, and on behind whatever is bad. A start stops at the first fault; this is for
 * people who want to know what else there is. Errors of the disk are thrown.
 */
export async function* walkSegments(options: WalkOptions): AsyncGenerator<Step> {
  const files = await readSegmentFiles(options.journalDir, options.firsts, options.operations);
  const zero: Position = { seq: 0, offset: 0, chain: 0 };
  let end = files[0]?.first === 1 ? zero : undefined;
  for (const [index, file] of files.entries()) {
    const [previous, next] = [files[index - 1], files[index + 1]];
    const walk = new FileWalk(options, { file, previous, next, before: end });
    yield* walk.steps();
    end = walk.end;
  }
}

/** A file and its neighbours. */
interface Place {
  readonly file: SegmentFile;
  readonly previous: SegmentFile | undefined;
  readonly next: SegmentFile | undefined;
  /** Behind the last good record before this file. */
  readonly before: Position | undefined;
}

/** The way through one file. */
class FileWalk {
  /** Behind the last good record, of this file or before it. */
  end: Position | undefined;
  readonly #options: WalkOptions;
  readonly #place: Place;
  readonly #sealedBytes: number | undefined;

  constructor(options: WalkOptions, place: Place) {
    this.#options = options;
    this.#place = place;
    this.end = place.before;
    const previous = place.next?.header?.previous;
    this.#sealedBytes = previous?.first === place.file.first ? previous.sizeBytes : undefined;
  }

  async *steps(): AsyncGenerator<Step> {
    const { parseAfter, operations } = this.#options;
    const { file, next } = this.#place;
    const sealedBytes = this.#sealedBytes;
    const untilSeq = sealedBytes === undefined && next !== undefined ? next.first - 1 : undefined;
    const limits = { sealedBytes, untilSeq, isLast: next === undefined, parseAfter, operations };
    for (const fault of this.#faultsOfStart()) yield { kind: "fault", fault };
    if (file.fault?.kind === "torn-tail") return;
    let start = file.header === undefined ? yield* this.#startWithoutHeader() : this.#startOfRecords();
    let isWhole = false;
    while (start !== undefined) {
      const piece: Piece = { file, from: start, to: start };
      const continues = start.seq === this.end?.seq && start.chain === this.end.chain;
      yield { kind: "piece", piece, continues };
      const { end, fault } = yield* scanPiece(file, start, limits);
      this.end = piece.to = end;
      isWhole = fault === undefined;
      if (fault === undefined) break;
      yield { kind: "fault", fault: { file: file.path, afterSeq: end.seq, ...fault } };
      if (fault.kind === "torn-tail") return;
      start = yield* this.#resync(fault.offset);
    }
    // Where a fault was the last that was found, it has been told.
    const missing = isWhole ? this.#faultOfEnd() : undefined;
    if (missing !== undefined) yield { kind: "fault", fault: missing };
  }

  #startOfRecords(): Position | undefined {
    const { first, header, recordsAt } = this.#place.file;
    return header && { seq: first - 1, offset: recordsAt, chain: header.chain };
  }

  /** A bad header says nothing that is not known from what is before it: its length, too. */
  async *#startWithoutHeader(): AsyncGenerator<Step, Position | undefined> {
    const { file, previous, before } = this.#place;
    if (before?.seq !== file.first - 1) return yield* this.#resync(0);
    const sealed = previous && { first: previous.first, sizeBytes: before.offset };
    const header = { first: file.first, chain: before.chain, previous: sealed ?? null };
    const expected = { ...before, offset: Buffer.byteLength(formatHeader(header)) };
    if (file.sizeBytes === expected.offset) return expected;
    const attempt = this.#resync(expected.offset);
    const found = await attempt.next();
    await attempt.return(undefined);
    return found.done === true && found.value !== undefined ? found.value : yield* this.#resync(0);
  }

  #resync(from: number): ReturnType<typeof resync> {
    const { file, before } = this.#place;
    const { anchors, operations } = this.#options;
    const known = before === undefined ? anchors : new Map([...anchors, [before.seq, before.chain]]);
    return resync({ path: file.path, from, to: this.#sealedBytes, anchors: known, operations });
  }

  /** What is wrong with the header, and with its link to the file before. */
  *#faultsOfStart(): Generator<Fault> {
    const { file, previous, before } = this.#place;
    if (file.fault !== undefined) yield { ...file.fault, afterSeq: before?.seq ?? file.first - 1 };
    const stated = file.header?.previous;
    if (file.header === undefined || previous === undefined || stated?.first === previous.first) return;
    const missing = stated === null || stated === undefined ? "none" : stated.first;
    const reason = `it continues segment ${missing}, which is missing`;
    const afterSeq = before?.seq ?? previous.first - 1;
    yield { file: file.path, offset: 0, afterSeq, reason, kind: "damage" };
  }

  /** Holds the end of the file against what its successor says of it. */
  #faultOfEnd(): Fault | undefined {
    const { file, next } = this.#place;
    const { end } = this;
    if (this.#sealedBytes === undefined || next?.header === undefined || end === undefined) return undefined;
    const fault = { afterSeq: end.seq, kind: "damage" } as const;
    if (file.sizeBytes < this.#sealedBytes) {
      const reason = `it ends here and had ${this.#sealedBytes} bytes`;
      return { file: file.path, offset: file.sizeBytes, reason, ...fault };
    }
    const { seq, offset, chain } = end;
    const { first, chain: stated } = next.header;
    // Where the file has no good header, its length cannot be compared; the chain says all that matters.
    if (seq + 1 === first && chain === stated && offset === this.#sealedBytes) return undefined;
    const reason = `it does not continue ${file.path}, which ends with seq ${seq}`;
    return { file: next.path, offset: 0, reason, ...fault };
  }
}
