import type { Line } from "../disk/lines.js";
import type { SegmentHeader } from "./header.js";
import type { ScannedRecord } from "./scan.js";
import type { Position } from "./segment.js";
import type { StoredRecord } from "./types.js";

/** One thing in a folder that is not as it was written. */
export interface Fault {
  readonly file: string;
  /** Where in the file it begins. */
  readonly offset: number;
  /** Seq of the last good event before it. */
  readonly afterSeq: number;
  readonly reason: string;
  /** What a start takes it for. Only damage stops it; the other two it sets aside. */
  readonly kind: "torn-tail" | "damaged-snapshot" | "damage";
}

/** A segment's file, whatever is in it. */
export interface SegmentFile {
  /** The number in its name. */
  readonly first: number;
  readonly path: string;
  readonly sizeBytes: number;
  /** Undefined if it is bad. */
  readonly header: SegmentHeader | undefined;
  /** Where its records begin; 0 if the header is bad. */
  readonly recordsAt: number;
  /** What is wrong with the header. */
  readonly fault: Fault | undefined;
}

/** Records of one file that follow each other without a gap; all of them are good. */
export interface Piece {
  readonly file: SegmentFile;
  readonly from: Position;
  to: Position;
}

/** A good record, parsed where that was asked for. */
export interface WalkedRecord extends ScannedRecord {
  readonly stored: StoredRecord | undefined;
}

/** What comes on the way through all segments, in order. */
export type Step =
  /** Good records begin here; `continues`: they follow the ones before without a gap. */
  | { readonly kind: "piece"; readonly piece: Piece; readonly continues: boolean }
  | { readonly kind: "records"; readonly records: readonly WalkedRecord[] }
  | { readonly kind: "fault"; readonly fault: Fault }
  /** A line behind a fault of which nobody can say whether it is as it was written. */
  | { readonly kind: "unchecked"; readonly line: Line };
