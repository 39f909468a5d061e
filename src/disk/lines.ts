import { constants } from "node:fs";
import { diskOperations, type DiskOperations } from "./operations.js";

const NEWLINE = 0x0a;
const CHUNK_BYTES = 256 * 1024;
const MAX_LINE_BYTES = 256 * 1024 * 1024;

/** One line of a file. */
export interface Line {
  /** Where it begins in the file. */
  readonly offset: number;
  /**
   * Its bytes without the newline. They stay valid, and keep the chunk that they were read with in memory.
   */
  readonly bytes: Buffer;
  /** False for the last line of a file that does not end in a newline. */
  readonly terminated: boolean;
}

export interface LineOptions {
  /** Offset to begin at (forward only); it should be the start of a line. 0 if absent. */
  readonly from?: number;
  /** Offset to end before; the end of the file if absent. */
  readonly to?: number;
  /** How much is read at once. */
  readonly chunkBytes?: number;
  /** A longer line is an error, so that memory stays bounded. */
  readonly maxLineBytes?: number;
  /** Whether the lines of a block may be gone by the next step (forward only): then one chunk does for the whole file. */
  readonly isPassing?: boolean;
  readonly operations?: DiskOperations;
}

/** A line is longer than the caller is ready to hold in memory. */
export class LineTooLongError extends Error {
  readonly path: string;
  readonly offset: number;

  constructor(path: string, offset: number, maxLineBytes: number) {
    super(`${path}: the line at offset ${offset} is longer than ${maxLineBytes} bytes.`);
    this.name = "LineTooLongError";
    this.path = path;
    this.offset = offset;
  }
}

/**
 * Reads a file line by line, in blocks: each step gives the lines that one chunk completed. Lines are split
 * at byte 0x0A alone (`readline` also splits at CR and U+2028). Blocks because one await for each line would
 * cost more than the line.
 */
export async function* readLineBlocks(path: string, options: LineOptions = {}): AsyncGenerator<Line[]> {
  const { from = 0, to = Infinity, chunkBytes = CHUNK_BYTES, maxLineBytes = MAX_LINE_BYTES } = options;
  const { operations = diskOperations, isPassing = false } = options;
  const fd = await operations.open(path, constants.O_RDONLY);
  try {
    let rest = Buffer.alloc(0);
    let chunk = rest;
    let position = from;
    for (;;) {
      // A fresh chunk each time, since lines are handed out by reference; twice the rest, so that the copying
      // for one long line stays linear.
      const sizeBytes = Math.max(chunkBytes, rest.length * 2);
      if (!isPassing || chunk.length < sizeBytes) chunk = Buffer.allocUnsafe(sizeBytes);
      chunk.set(rest);
      const wanted = Math.min(chunk.length - rest.length, to - position - rest.length);
      const count =
        wanted > 0 ? await operations.read(fd, chunk, rest.length, wanted, position + rest.length) : 0;
      if (count === 0) break;
      const filled = chunk.subarray(0, rest.length + count);
      const lines: Line[] = [];
      let start = 0;
      let end = filled.indexOf(NEWLINE, rest.length);
      while (end >= 0 && end - start <= maxLineBytes) {
        lines.push({ offset: position + start, bytes: filled.subarray(start, end), terminated: true });
        start = end + 1;
        end = filled.indexOf(NEWLINE, start);
      }
      rest = filled.subarray(start);
      position += start;
      // First the lines before one that is too long: whoever tells of it keeps them.
      if (lines.length > 0) yield lines;
      if (rest.length > maxLineBytes) throw new LineTooLongError(path, position, maxLineBytes);
    }
    if (rest.length > 0) yield [{ offset: position, bytes: rest, terminated: false }];
  } finally {
    await operations.close(fd);
  }
}

/** The same, one line a step. */
export async function* readLines(path: string, options: LineOptions = {}): AsyncGenerator<Line> {
  for await (const block of readLineBlocks(path, options)) yield* block;
}

/**
 * Reads a file line by line from its end: the last line first. Memory is bounded by a chunk and the longest
 * line.
 */
export async function* readLinesBackward(
  path: string,
  options: Omit<LineOptions, "from"> = {},
): AsyncGenerator<Line> {
  const { chunkBytes = CHUNK_BYTES, maxLineBytes = MAX_LINE_BYTES } = options;
  const operations = options.operations ?? diskOperations;
  const sizeBytes = (await operations.lstat(path)).size;
  const fd = await operations.open(path, constants.O_RDONLY);
  try {
    let position = Math.min(options.to ?? Infinity, sizeBytes);
    const fileEnd = position;
    let rest = Buffer.alloc(0);
    while (position > 0) {
      const take = Math.min(Math.max(chunkBytes, rest.length), position);
      position -= take;
      const filled = Buffer.concat([await readFully(operations, { path, fd }, position, take), rest]);
      let end = filled.length;
      // The part that was searched before holds no newline.
      for (let at = filled.lastIndexOf(NEWLINE, take - 1); at >= 0;) {
        if (end - at - 1 > maxLineBytes) throw new LineTooLongError(path, position + at + 1, maxLineBytes);
        const terminated = position + end < fileEnd;
        if (terminated || end > at + 1) {
          yield { offset: position + at + 1, bytes: filled.subarray(at + 1, end), terminated };
        }
        end = at;
        at = at > 0 ? filled.lastIndexOf(NEWLINE, at - 1) : -1;
      }
      rest = filled.subarray(0, end);
      if (rest.length > maxLineBytes) throw new LineTooLongError(path, position, maxLineBytes);
    }
    if (fileEnd > 0) yield { offset: 0, bytes: rest, terminated: rest.length < fileEnd };
  } finally {
    await operations.close(fd);
  }
}

/** Reads exactly that range; a file that has become shorter meanwhile is an error. */
export async function readFully(
  operations: DiskOperations,
  { path, fd }: { readonly path: string; readonly fd: number },
  position: number,
  length: number,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const count = await operations.read(fd, bytes, done, length - done, position + done);
    if (count === 0) throw new Error(`${path} ended at ${position + done}, before ${position + length}.`);
    done += count;
  }
  return bytes;
}
