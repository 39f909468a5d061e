/**
 * The least that a replay can cost: the segments of a journal in chunks, the checksum of every line, and JSON.parse of
 * it. Nothing is kept. usage: node parseJournal.mjs <journal folder>
 */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

const CHUNK_BYTES = 1024 * 1024;
/** Where the text begins that a line's checksum is of: behind `{"crc":"00000000",`. */
const REST_OFFSET = 18;

const folder = process.argv[2];
const segments = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
for (const name of segments.sort()) parseSegment(join(folder, name));

function parseSegment(path) {
  const file = openSync(path);
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let crc = 0;
  let lines = 0;
  let kept = 0;
  for (;;) {
    const read = readSync(file, chunk, kept, CHUNK_BYTES - kept);
    if (read === 0) break;
    const bytes = chunk.subarray(0, kept + read);
    let from = 0;
    for (let to = bytes.indexOf(10); to >= 0; to = bytes.indexOf(10, from)) {
      const { crc: stated, chain } = JSON.parse(bytes.toString("utf8", from, to));
      // The header has a checksum of its own, and says where the chain of the records goes on.
      const found = crc32(bytes.subarray(from + REST_OFFSET, to), lines === 0 ? 0 : crc);
      if (found !== Number.parseInt(stated, 16)) throw new Error(`${path}: line ${lines + 1} is damaged`);
      crc = lines === 0 ? Number.parseInt(chain, 16) : found;
      lines += 1;
      from = to + 1;
    }
    kept = bytes.copy(chunk, 0, from);
  }
  closeSync(file);
}
