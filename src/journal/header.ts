import {
  checkedLine,
  formatCrc,
  parseCheckedLine,
  parseCrc,
  verifyCheckedLine,
} from "../disk/checkedLine.js";

/** The version of the layout that FORMAT.md describes. */
export const FORMAT_VERSION = 1;
/** Headers stand outside the chain: their crc starts from here. */
export const HEADER_SEED = 0;

/** The first line of a segment. */
export interface SegmentHeader {
  /** Seq of the first event in the segment. Everything before it is durable. */
  readonly first: number;
  /** crc of the record before `first`, 0 where there was none. */
  readonly chain: number;
  /** The segment before, and how many of its bytes count. */
  readonly previous: { readonly first: number; readonly sizeBytes: number } | null;
}

/** The header as a line, newline included. */
export function formatHeader({ first, chain, previous }: SegmentHeader): string {
  return checkedLine({ journal: FORMAT_VERSION, first, chain: formatCrc(chain), previous }, HEADER_SEED).line;
}

/** The header from its line, the number of another format, or in words why it is none. */
export function parseHeader(line: Buffer): SegmentHeader | number | string {
  if (verifyCheckedLine(line, HEADER_SEED) === undefined) return "the header does not match its checksum";
  const { journal, first, chain, previous } = parseCheckedLine(line);
  if (typeof journal !== "number") return "the first line is not a header";
  if (journal !== FORMAT_VERSION) return journal;
  const crc = parseCrc(chain);
  if (!isCount(first) || crc === undefined || !isPrevious(previous)) return "the header lacks a field";
  return { first, chain: crc, previous };
}

function isPrevious(value: unknown): value is SegmentHeader["previous"] {
  if (value === null) return true;
  const { first, sizeBytes } = value as Record<string, unknown>;
  return isCount(first) && isCount(sizeBytes);
}

/** Whether a value is a whole number that can be a seq, a size or a count. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
