import { beginsAsCheckedLine, verifyCheckedLine } from "../disk/checkedLine.js";
import { readLineBlocks, type Line } from "../disk/lines.js";
import type { DiskOperations } from "../disk/operations.js";
import { readPosition } from "./record.js";
import { MAX_RECORD_BYTES } from "./scan.js";

/** The smallest piece that a disk writes as a whole. */
const SECTOR_BYTES = 512;
/** JSON has no byte below this: a newline that lost a bit, or a zeroed page, shows by it. */
const FIRST_PRINTABLE = 0x20;

/**
 * Whether a bad line at the end of the journal looks like a write that a power loss cut short: the last line,
 * without a newline, the beginning of a checked line. A whole good line with another byte in place of its
 * newline is a changed bit.
 */
export function looksCut(line: Line, seed: number): boolean {
  if (line.terminated || !beginsAsCheckedLine(line.bytes)) return false;
  if (line.bytes.some((byte) => byte < FIRST_PRINTABLE)) return false;
  return verifyCheckedLine(line.bytes.subarray(0, -1), seed) === undefined;
}

/**
 * Whether a bad line looks like one whose pages never arrived: a run of zero bytes that starts at the line's
 * start (the rest of a page that was there before) or on a sector, and ends on a sector or with the file. One
 * changed bit cannot make such a run.
 */
export function looksZeroed(line: Line): boolean {
  const { bytes, offset } = line;
  for (let at = bytes.indexOf(0); at >= 0;) {
    let end = at;
    while (bytes[end] === 0) end++;
    const startFits = at === 0 || (offset + at) % SECTOR_BYTES === 0;
    const endFits = (offset + end) % SECTOR_BYTES === 0 || (end === bytes.length && !line.terminated);
    if (startFits && endFits) return true;
    at = bytes.indexOf(0, end);
  }
  return false;
}

/**
 * Whether any line from the offset on claims that something after `seq` was durable. Lines are not checked: a
 * doubt counts as a claim.
 */
export async function laterClaim(
  path: string,
  fromOffset: number,
  seq: number,
  operations: DiskOperations,
): Promise<boolean> {
  const blocks = readLineBlocks(path, { from: fromOffset, maxLineBytes: MAX_RECORD_BYTES, operations });
  for await (const lines of blocks) {
    if (lines.some(({ bytes }) => (readPosition(bytes)?.durable ?? 0) > seq)) return true;
  }
  return false;
}
