import { readFile } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { readLines, readLinesBackward, type Line } from "../disk/lines.js";
import type { LogPart } from "./logParts.js";

export type LogOrder = "newest" | "oldest";

const NEWLINE = 0x0a;
/** Lines after which the event loop gets its turn. */
const TURN_LINES = 256;
/** No line of a log is longer, see `presentable.ts`; what is longer is not one. */
const MAX_LINE_BYTES = 16 * 1_024 * 1_024;
/** A compressed file that gives more was not written here. */
const MAX_FILE_BYTES = 512 * 1_024 * 1_024;
const decompress = promisify(gunzip);

/**
 * The lines of one file, from an offset on (`oldest`) or back from it (`newest`); the whole file where there is
 * none. Offsets in a compressed file count in what it holds.
 */
export async function* partLines(
  part: LogPart,
  order: LogOrder,
  offset: number | undefined,
): AsyncGenerator<Line> {
  if (part.day === 0) {
    const bytes = await decompress(await readFile(part.path), { maxOutputLength: MAX_FILE_BYTES });
    const lines = linesOf(bytes).filter(
      (line) => offset === undefined || (order === "oldest" ? line.offset >= offset : line.offset < offset),
    );
    for (const [index, line] of (order === "oldest" ? lines : lines.toReversed()).entries()) {
      // Nothing here waits for the disk: others get their turn all the same.
      if (index % TURN_LINES === TURN_LINES - 1) await turn();
      yield line;
    }
  } else if (order === "oldest") {
    yield* readLines(part.path, { from: offset ?? 0, maxLineBytes: MAX_LINE_BYTES });
  } else {
    yield* readLinesBackward(part.path, {
      maxLineBytes: MAX_LINE_BYTES,
      ...(offset === undefined ? {} : { to: offset }),
    });
  }
}

function linesOf(bytes: Buffer): Line[] {
  const lines: Line[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, offset);
    const end = newline < 0 ? bytes.length : newline;
    lines.push({ offset, bytes: bytes.subarray(offset, end), terminated: newline >= 0 });
    offset = end + 1;
  }
  return lines;
}
