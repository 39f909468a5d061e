import { parseCrc, REST_OFFSET, verifyCheckedLine } from "../disk/checkedLine.js";
import { LineTooLongError, readLineBlocks, type Line } from "../disk/lines.js";
import type { DiskOperations } from "../disk/operations.js";
import type { Step } from "./findings.js";
import { parseRecord, readPosition } from "./record.js";
import { MAX_RECORD_BYTES } from "./scan.js";
import type { Position } from "./segment.js";
import type { StoredRecord } from "./types.js";

/** Where to look for the next good record. */
export interface ResyncOptions {
  readonly path: string;
  /** Offset of the first line. */
  readonly from: number;
  /** Where the file ends for its readers; its end if absent. */
  readonly to: number | undefined;
  /** Places that are known from elsewhere: crc of the record that ends with a seq. */
  readonly anchors: ReadonlyMap<number, number>;
  readonly operations: DiskOperations;
}

/**
 * Looks for a record whose checksum fits: to the crc that the line before states, or to a place that is known.
 * Gives the lines that it passes over, and answers the place before the record, if there is one.
 */
export async function* resync(options: ResyncOptions): AsyncGenerator<Step, Position | undefined> {
  const { path, from, to, anchors, operations } = options;
  let before: Line | undefined;
  const lines = readLineBlocks(path, {
    from,
    maxLineBytes: MAX_RECORD_BYTES,
    operations,
    ...(to === undefined ? {} : { to }),
  });
  try {
    for await (const block of lines) {
      for (const line of block) {
        const found = placeBefore(line, before, anchors);
        if (found !== undefined) return found;
        yield { kind: "unchecked", line };
        before = line;
      }
    }
  } catch (error) {
    if (!(error instanceof LineTooLongError)) throw error;
  }
  return undefined;
}

/** The record in a line about which nothing is known yet; undefined if there is none. */
export function recordIn(line: Line): StoredRecord | undefined {
  if (readPosition(line.bytes) === undefined) return undefined;
  try {
    return parseRecord(line.bytes);
  } catch {
    return undefined;
  }
}

function placeBefore(
  line: Line,
  before: Line | undefined,
  anchors: ReadonlyMap<number, number>,
): Position | undefined {
  const record = recordIn(line);
  if (record === undefined) return undefined;
  const seq = record.seq - record.events.length;
  if (seq < 0 || (readPosition(line.bytes)?.durable ?? Infinity) > seq) return undefined;
  const seeds = [before && statedCrc(before), anchors.get(seq)];
  const chain = seeds.find((seed) => seed !== undefined && verifyCheckedLine(line.bytes, seed) !== undefined);
  return chain === undefined ? undefined : { seq, offset: line.offset, chain };
}

/** What a line says that its crc is, whether or not that is right. */
function statedCrc({ bytes }: Line): number | undefined {
  return parseCrc(bytes.toString("latin1", REST_OFFSET - 10, REST_OFFSET - 2));
}
