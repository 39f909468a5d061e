import {
  checkedLine,
  formatCrc,
  parseCheckedLine,
  parseCrc,
  verifyCheckedLine,
} from "../disk/checkedLine.js";
import { readLineBlocks, type Line } from "../disk/lines.js";
import type { DiskOperations } from "../disk/operations.js";
import { PendingFile } from "../disk/pendingFile.js";
import { FORMAT_VERSION, isCount } from "./header.js";
import { numberedPath } from "./names.js";

/** The loop is given back after this long, and what was collected is written. */
const SLICE_MS = 8;
const SLICE_CHARS = 1024 * 1024;
/** How often the clock is looked at. */
const ENTRIES_PER_LOOK = 16;

/** A whole snapshot. */
export interface SnapshotFile {
  readonly path: string;
  readonly seq: number;
  /** crc of the record that ends with `seq`. */
  readonly chain: number;
  readonly sizeBytes: number;
}

/**
 * Writes a snapshot, a slice at a time, and gives it its name when it is on the disk. Answers its size.
 * On any error the temporary file is gone and the folder as it was, unless the very last sync failed.
 *
 * @param signal gives it up, between two slices.
 */
export async function writeSnapshotFile(
  folder: string,
  { seq, chain, createdAt }: { readonly seq: number; readonly chain: number; readonly createdAt: number },
  entries: Iterator<unknown>,
  operations: DiskOperations,
  signal?: AbortSignal,
): Promise<number> {
  const file = await PendingFile.create(numberedPath(folder, seq), 0o600, operations);
  try {
    let { line: text, crc } = checkedLine(
      { snapshot: FORMAT_VERSION, seq, chain: formatCrc(chain), createdAt },
      0,
    );
    let count = 0;
    let sliceEndsAt = performance.now() + SLICE_MS;
    for (let next = entries.next(); next.done !== true; next = entries.next()) {
      const entry = checkedLine({ entry: next.value }, crc);
      text += entry.line;
      crc = entry.crc;
      count++;
      const looks = count % ENTRIES_PER_LOOK === 0 && performance.now() > sliceEndsAt;
      if (!looks && text.length < SLICE_CHARS) continue;
      await file.write(Buffer.from(text));
      signal?.throwIfAborted();
      text = "";
      sliceEndsAt = performance.now() + SLICE_MS;
    }
    await file.write(Buffer.from(text + checkedLine({ count }, crc).line));
    signal?.throwIfAborted();
    await file.publish();
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.close();
  return file.sizeBytes;
}

/**
 * Checks a whole snapshot, without parsing its entries. Answers where and why it is bad otherwise. Errors of
 * the disk are thrown.
 */
export async function verifySnapshotFile(
  folder: string,
  seq: number,
  operations: DiskOperations,
): Promise<SnapshotFile | { readonly path: string; readonly offset: number; readonly reason: string }> {
  const path = numberedPath(folder, seq);
  let crc = 0;
  let lines = 0;
  let first: Line | undefined;
  let last: Line | undefined;
  for await (const block of readLineBlocks(path, { operations })) {
    for (const line of block) {
      const next = verifyCheckedLine(line.bytes, crc);
      if (next === undefined || !line.terminated) {
        return { path, offset: line.offset, reason: "a line does not match its checksum, or is cut" };
      }
      crc = next;
      first ??= line;
      last = line;
      lines++;
    }
  }
  if (first === undefined || last === undefined) return { path, offset: 0, reason: "it is empty" };
  const header = parseCheckedLine(first.bytes);
  const chain = parseCrc(header["chain"]);
  if (header["snapshot"] !== FORMAT_VERSION || header["seq"] !== seq || chain === undefined) {
    return {
      path,
      offset: 0,
      reason: `the header is not that of snapshot ${seq} in format ${FORMAT_VERSION}`,
    };
  }
  const { count } = parseCheckedLine(last.bytes);
  if (!isCount(count) || count !== lines - 2)
    return { path, offset: last.offset, reason: "its end is missing" };
  return { path, seq, chain, sizeBytes: last.offset + last.bytes.length + 1 };
}

/** Hands out the entries of a snapshot that was verified. */
export async function restoreSnapshotFile(
  snapshot: SnapshotFile,
  restore: (entry: unknown) => void,
  operations: DiskOperations,
): Promise<void> {
  for await (const block of readLineBlocks(snapshot.path, { operations })) {
    for (const line of block) {
      const fields = parseCheckedLine(line.bytes);
      if (Object.hasOwn(fields, "entry")) restore(fields["entry"]);
    }
  }
}
