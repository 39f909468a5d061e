import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { formatCheckedLine, lineCrc, parseCheckedLine } from "../../src/disk/checkedLine.js";
import { parseHeader } from "../../src/journal/header.js";

/**
 * Rewrites the last segment of a journal that no daemon has open, text for text, and with checksums that fit: what
 * a machine would find that went through something no test can bring about.
 *
 * @returns how many records were changed.
 */
export async function rewriteJournal(
  journalDir: string,
  change: (record: string) => string,
): Promise<number> {
  const names = (await readdir(journalDir)).filter((name) => name.endsWith(".jsonl")).toSorted();
  const path = join(journalDir, names.at(-1) ?? "");
  const [headerLine = "", ...records] = (await readFile(path, "utf8")).split("\n").slice(0, -1);
  const header = parseHeader(Buffer.from(headerLine));
  if (typeof header !== "object") throw new Error(`${path}: ${header}`);
  let { chain } = header;
  let changed = 0;
  const lines = records.map((line) => {
    const { crc: _, ...record } = parseCheckedLine(Buffer.from(line));
    const before = JSON.stringify(record);
    const after = change(before);
    if (after !== before) changed += 1;
    const rest = after.slice(1);
    chain = lineCrc(rest, chain);
    return formatCheckedLine(rest, chain);
  });
  await writeFile(path, `${headerLine}\n${lines.join("")}`);
  return changed;
}
