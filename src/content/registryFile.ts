import { lstat } from "node:fs/promises";

import { LineTooLongError, readLineBlocks } from "../disk/lines.js";
import { hasCode } from "../disk/operations.js";
import { readJsonFile } from "./jsonFile.js";

/** Up to here a registry is parsed as a whole; a larger one is read line by line, so that the loop goes on. */
const WHOLE_BYTES = 256 * 1024;
const LINE_BYTES = 64 * 1024;
/** As much as is looked at in one turn of the loop: some 500 entries. */
const CHUNK_BYTES = 64 * 1024;
const OPENING = ["{", '  "sessions": {'];
const CLOSING = ["  }", "}"];

/**
 * The text of a registry, in pieces: each entry is a line of its own, so that a large one can be read in slices as
 * well.
 */
export function* registryPieces(
  entries: Iterable<readonly [sessionId: string, entry: object]>,
  entriesPerPiece = 250,
): Generator<string> {
  let piece = OPENING.join("\n");
  let separator = "\n";
  let count = 0;
  for (const [sessionId, entry] of entries) {
    piece += `${separator}    ${JSON.stringify(sessionId)}: ${JSON.stringify(entry)}`;
    separator = ",\n";
    count += 1;
    if (count % entriesPerPiece > 0) continue;
    yield piece;
    piece = "";
  }
  yield `${piece}\n${CLOSING.join("\n")}\n`;
}

/** What is wrong with a registry, if anything; one that is missing is no damage. */
export async function faultOfRegistryFile(path: string): Promise<string | undefined> {
  try {
    const { size } = await lstat(path);
    if (size > WHOLE_BYTES) return await faultOfLines(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    if (!(error instanceof LineTooLongError)) throw error;
    return `the line at offset ${error.offset} is longer than an entry of a session`;
  }
  const read = await readJsonFile(path, WHOLE_BYTES);
  if ("fault" in read) return read.fault;
  if ("isMissing" in read) return undefined;
  const sessions = isObject(read.value) ? read.value["sessions"] : undefined;
  return isObject(sessions) ? undefined : 'it has no object "sessions"';
}

async function faultOfLines(path: string): Promise<string | undefined> {
  const found = await lstat(path);
  if (!found.isFile()) return "it is not a file";
  let number = 0;
  let closed = 0;
  let last = ",";
  for await (const block of readLineBlocks(path, { chunkBytes: CHUNK_BYTES, maxLineBytes: LINE_BYTES })) {
    for (const { bytes, terminated } of block) {
      number += 1;
      const line = bytes.toString();
      if (!terminated) return `line ${number}: it breaks off`;
      if (number <= OPENING.length) {
        if (line !== OPENING[number - 1]) return `line ${number}: it does not begin as a registry`;
      } else if (closed > 0 || line === CLOSING[0]) {
        // The entry before the end has no comma behind it.
        if (line !== CLOSING[closed] || last.endsWith(",")) return `line ${number}: it ends in another way`;
        closed += 1;
      } else {
        if (number > OPENING.length + 1 && !last.endsWith(",")) return `line ${number}: a comma is missing`;
        if (!isEntry(line)) return `line ${number}: it is no entry of a session`;
        last = line;
      }
    }
  }
  return closed === CLOSING.length ? undefined : "it breaks off";
}

function isEntry(line: string): boolean {
  try {
    const entry: unknown = JSON.parse(`{${line.endsWith(",") ? line.slice(0, -1) : line}}`);
    return isObject(entry) && isObject(Object.values(entry)[0]);
  } catch {
    return false;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
