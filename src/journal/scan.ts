import { verifyCheckedLine } from "../disk/checkedLine.js";
import { readLineBlocks, type Line } from "../disk/lines.js";
import type { DiskOperations } from "../disk/operations.js";
import { readPosition } from "./record.js";
import type { Position } from "./segment.js";

/** A record whose line is whole and stands where it should. */
export interface ScannedRecord {
  readonly seq: number;
  readonly durable: number;
  readonly line: Line;
  readonly crc: number;
}

/** Longer than any record that is ever written; what is longer than this has lost its newlines. */
export const MAX_RECORD_BYTES = 128 * 1024 * 1024;

/**
 * Goes through the records of one segment and checks what can be checked without parsing them: the checksum,
 * the chain, that seqs rise, that claims look back. It stops at the first bad line, and then `bad` says why;
 * what that means is for the caller to judge.
 */
export class SegmentScan {
  /** The first line that is not a good record, and what is wrong with it. */
  bad: { readonly line: Line; readonly reason: string } | undefined;
  readonly #path: string;
  readonly #operations: DiskOperations;
  #seq: number;
  #offset: number;
  #chain: number;

  constructor(path: string, start: Position, operations: DiskOperations) {
    this.#path = path;
    this.#operations = operations;
    this.#seq = start.seq;
    this.#offset = start.offset;
    this.#chain = start.chain;
  }

  /** The place behind the last good record (a newline that lacks at the end of the file is counted). */
  get position(): Position {
    return { seq: this.#seq, offset: this.#offset, chain: this.#chain };
  }

  /** The good records up to the offset `to`, in blocks; those of a passing one are gone with the next step. */
  async *blocks(to?: number, isPassing = false): AsyncGenerator<ScannedRecord[]> {
    const lines = readLineBlocks(this.#path, {
      from: this.#offset,
      maxLineBytes: MAX_RECORD_BYTES,
      isPassing,
      operations: this.#operations,
      ...(to === undefined ? {} : { to }),
    });
    for await (const block of lines) {
      const good: ScannedRecord[] = [];
      for (const found of block) {
        const line = withoutRoom(found);
        if (line.bytes.length === 0 && !line.terminated) break;
        const record = this.#check(line);
        if (record === undefined) break;
        good.push(record);
      }
      if (good.length > 0) yield good;
      if (this.bad !== undefined) return;
    }
  }

  #check(line: Line): ScannedRecord | undefined {
    const crc = verifyCheckedLine(line.bytes, this.#chain);
    if (crc === undefined) {
      this.bad = { line, reason: `the record after seq ${this.#seq} does not match its checksum` };
      return undefined;
    }
    const position = readPosition(line.bytes);
    if (position === undefined || position.seq <= this.#seq || position.durable > this.#seq) {
      this.bad = { line, reason: `the line after seq ${this.#seq} is not the record that follows it` };
      return undefined;
    }
    this.#seq = position.seq;
    this.#offset = line.offset + line.bytes.length + 1;
    this.#chain = crc;
    return { seq: position.seq, durable: position.durable, line, crc };
  }
}

/** The last line of a file without the zeros behind it, which are room for what was to come. */
function withoutRoom(line: Line): Line {
  if (line.terminated || line.bytes.at(-1) !== 0) return line;
  let end = line.bytes.length;
  while (end > 0 && line.bytes[end - 1] === 0) end -= 1;
  return { ...line, bytes: line.bytes.subarray(0, end) };
}
