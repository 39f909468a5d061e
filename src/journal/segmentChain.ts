import { readLines } from "../disk/lines.js";
import type { DiskOperations } from "../disk/operations.js";
import { JournalDamagedError, OtherFormatError } from "./errors.js";
import { FORMAT_VERSION, HEADER_SEED, parseHeader, type SegmentHeader } from "./header.js";
import { numberedPath } from "./names.js";
import { looksCut, looksZeroed } from "./tear.js";

/** A header is far shorter, and there may be many to read. */
const HEADER_CHUNK_BYTES = 1024;

/** A segment's file with its header, before its records are read. */
export interface LinkedSegment {
  readonly path: string;
  readonly header: SegmentHeader;
  /** Where its records begin. */
  readonly recordsAt: number;
  /** How many bytes count, as its successor says; undefined for the last one. */
  readonly sealedBytes: number | undefined;
}

/** All segments of a folder, in order. */
export interface SegmentChain {
  readonly segments: readonly LinkedSegment[];
  /**
   * The last file, if its header never arrived and nothing stands behind it: a torn tail without any record.
   */
  readonly tornHeader: { readonly first: number; readonly path: string } | undefined;
}

/**
 * Reads the headers of all segments and checks that each continues the one before. Throws
 * JournalDamagedError and OtherFormatError.
 */
export async function readSegmentChain(
  journalDir: string,
  firsts: readonly number[],
  operations: DiskOperations,
): Promise<SegmentChain> {
  const found: { path: string; header: SegmentHeader; recordsAt: number }[] = [];
  for (const [index, first] of firsts.entries()) {
    const path = numberedPath(journalDir, first);
    const read = await readHeader(path, first, index === firsts.length - 1, operations);
    if (read === "torn") return { segments: link(found), tornHeader: { first, path } };
    found.push({ path, ...read });
    await checkLink(found, operations);
  }
  return { segments: link(found), tornHeader: undefined };
}

function link(found: readonly Omit<LinkedSegment, "sealedBytes">[]): LinkedSegment[] {
  return found.map((segment, index) => ({
    ...segment,
    sealedBytes: found[index + 1]?.header.previous?.sizeBytes,
  }));
}

/** Holds the last of the segments against the one before it. */
async function checkLink(
  found: readonly { path: string; header: SegmentHeader }[],
  operations: DiskOperations,
): Promise<void> {
  const [before, last] = [found.at(-2), found.at(-1)];
  if (before === undefined || last === undefined) return;
  const { previous } = last.header;
  if (previous?.first !== before.header.first) {
    const missing = previous === null ? "none" : previous.first;
    throw new JournalDamagedError(last.path, 0, `it continues segment ${missing}, which is missing`);
  }
  const { size } = await operations.lstat(before.path);
  if (size < previous.sizeBytes) {
    throw new JournalDamagedError(before.path, size, `it ends here and had ${previous.sizeBytes} bytes`);
  }
}

/**
 * Reads the header of a segment by its file's first line alone; "torn" where it never arrived, which can be
 * said of the last segment only. Throws JournalDamagedError, and OtherFormatError where another version wrote it.
 */
export async function readHeader(
  path: string,
  first: number,
  isLast: boolean,
  operations: DiskOperations,
): Promise<{ header: SegmentHeader; recordsAt: number } | "torn"> {
  let isAlone = true;
  let bad: string | undefined;
  let torn = true; // An empty file is a header of which nothing arrived.
  for await (const line of readLines(path, { operations, chunkBytes: HEADER_CHUNK_BYTES })) {
    if (line.offset > 0) {
      isAlone = false;
      break;
    }
    const header = parseHeader(line.bytes);
    if (typeof header === "number") throw new OtherFormatError(path, header, FORMAT_VERSION);
    if (typeof header !== "string" && header.first === first) {
      return { header, recordsAt: line.bytes.length + 1 };
    }
    bad = typeof header === "string" ? header : `it is segment ${header.first} under another name`;
    torn = looksCut(line, HEADER_SEED) || looksZeroed(line);
  }
  if (isLast && isAlone && torn) return "torn";
  throw new JournalDamagedError(path, 0, bad ?? "it is empty");
}
