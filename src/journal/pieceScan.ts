import { LineTooLongError, type Line } from "../disk/lines.js";
import type { DiskOperations } from "../disk/operations.js";
import type { SegmentFile, Step, WalkedRecord } from "./findings.js";
import { recordIn } from "./resync.js";
import { SegmentScan, type ScannedRecord } from "./scan.js";
import type { Position } from "./segment.js";
import { laterClaim, looksCut, looksZeroed } from "./tear.js";

/** How far the records of a file are read, and how closely. */
export interface PieceLimits {
  /** Bytes from here on are void. */
  readonly sealedBytes: number | undefined;
  /** The next file goes on behind this seq, whatever else follows it here. */
  readonly untilSeq: number | undefined;
  readonly isLast: boolean;
  /** Records after it are parsed, and their seqs counted; those before are checked only. */
  readonly parseAfter: number;
  readonly operations: DiskOperations;
}

/** Where and why the records of a piece do not go on. */
export interface PieceFault {
  readonly offset: number;
  readonly reason: string;
  readonly kind: "torn-tail" | "damage";
}

/** Gives the good records from a place on, and answers where they end. */
export async function* scanPiece(
  file: SegmentFile,
  start: Position,
  limits: PieceLimits,
): AsyncGenerator<Step, { readonly end: Position; readonly fault: PieceFault | undefined }> {
  const scan = new SegmentScan(file.path, start, limits.operations);
  let end = start;
  try {
    for await (const block of scan.blocks(limits.sealedBytes)) {
      const records: WalkedRecord[] = [];
      let misfit: Line | undefined;
      for (const record of block) {
        const stored = record.seq > limits.parseAfter ? recordIn(record.line) : undefined;
        if (record.seq > limits.parseAfter && (stored?.events.length ?? 0) !== record.seq - end.seq) {
          misfit = record.line;
          break;
        }
        records.push({ ...record, stored });
        end = behind(record);
        if (end.seq === limits.untilSeq) break;
      }
      if (records.length > 0) yield { kind: "records", records };
      if (misfit !== undefined) {
        const reason = `the record does not continue seq ${end.seq}`;
        return { end, fault: { offset: misfit.offset, reason, kind: "damage" } };
      }
      if (end.seq === limits.untilSeq) return { end, fault: undefined };
    }
  } catch (error) {
    if (!(error instanceof LineTooLongError)) throw error;
    const reason = "the line is longer than any that is written";
    return { end, fault: { offset: error.offset, reason, kind: "damage" } };
  }
  if (scan.bad === undefined) return { end, fault: undefined };
  const { line, reason } = scan.bad;
  const isTorn = limits.isLast && (await looksTorn(file.path, line, end, limits.operations));
  return { end, fault: { offset: line.offset, reason, kind: isTorn ? "torn-tail" : "damage" } };
}

function behind({ seq, line, crc }: ScannedRecord): Position {
  return { seq, offset: line.offset + line.bytes.length + 1, chain: crc };
}

/** The judgement of a start on the first bad line of the last segment. */
async function looksTorn(
  path: string,
  line: Line,
  { seq, chain }: Position,
  operations: DiskOperations,
): Promise<boolean> {
  if (!looksCut(line, chain) && !looksZeroed(line)) return false;
  return !(await laterClaim(path, line.offset, seq, operations));
}
