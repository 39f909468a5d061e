import { statedCrc, verifyCheckedLine } from "../disk/checkedLine.js";
import { readLinesBackward, type Line } from "../disk/lines.js";
import type { DiskOperations } from "../disk/operations.js";
import { JournalDamagedError } from "./errors.js";
import { parseRecord, readPosition } from "./record.js";
import { MAX_RECORD_BYTES } from "./scan.js";
import { Segment, type Position } from "./segment.js";
import type { LinkedSegment } from "./segmentChain.js";

/** Most records are far shorter than half of it. */
const TAIL_BYTES = 16 * 1024;

/**
 * Takes a segment that no state depends on, on the word of its successor: what is read is its last record, which has to
 * be the one that the successor goes on from. The records before it are checked by whoever reads them, and in the
 * background. Throws JournalDamagedError.
 */
export async function trustSegment(
  { path, header, recordsAt, sealedBytes = 0 }: LinkedSegment,
  next: LinkedSegment,
  operations: DiskOperations,
): Promise<Segment> {
  const start = { seq: header.first - 1, offset: recordsAt, chain: header.chain };
  const end = { seq: next.header.first - 1, offset: sealedBytes, chain: next.header.chain };
  const lastAtMs = await readLastAt(path, { start, end }, operations);
  if (lastAtMs === undefined) {
    const reason = `it does not continue ${path}, which does not end with the record of seq ${end.seq}`;
    throw new JournalDamagedError(next.path, 0, reason);
  }
  const segment = new Segment(path, start, lastAtMs);
  segment.sizeBytes = sealedBytes;
  segment.statedEnd = end;
  return segment;
}

/** The time of the last record, if it is there and its checksum leads from the line before it to what is stated. */
async function readLastAt(
  path: string,
  { start, end }: { readonly start: Position; readonly end: Position },
  operations: DiskOperations,
): Promise<number | undefined> {
  let last: Line | undefined;
  let seed: number | undefined;
  const limits = { to: end.offset, chunkBytes: TAIL_BYTES, maxLineBytes: MAX_RECORD_BYTES, operations };
  for await (const line of readLinesBackward(path, limits)) {
    if (last === undefined) {
      last = line;
      if (line.offset === start.offset) seed = start.chain;
    } else seed = statedCrc(line.bytes);
    if (seed !== undefined || line !== last) break;
  }
  if (last === undefined || seed === undefined || !last.terminated) return undefined;
  if (verifyCheckedLine(last.bytes, seed) !== end.chain || readPosition(last.bytes)?.seq !== end.seq)
    return undefined;
  return parseRecord(last.bytes)?.at;
}
