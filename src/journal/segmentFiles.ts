import { LineTooLongError } from "../disk/lines.js";
import type { DiskOperations } from "../disk/operations.js";
import { JournalDamagedError } from "./errors.js";
import type { Fault, SegmentFile } from "./findings.js";
import { numberedPath } from "./names.js";
import { readHeader, type LinkedSegment } from "./segmentChain.js";

/** Reads the headers of all segments, also of those that have none which is good. Throws OtherFormatError. */
export async function readSegmentFiles(
  journalDir: string,
  firsts: readonly number[],
  operations: DiskOperations,
): Promise<SegmentFile[]> {
  const files: SegmentFile[] = [];
  for (const [index, first] of firsts.entries()) {
    const path = numberedPath(journalDir, first);
    const { size } = await operations.lstat(path);
    const read = await tryHeader(path, first, index === firsts.length - 1, operations);
    const file = { first, path, sizeBytes: size };
    if ("header" in read) {
      files.push({ ...file, ...read, fault: undefined });
      continue;
    }
    const fault: Fault = { file: path, offset: 0, afterSeq: first - 1, ...read };
    files.push({ ...file, header: undefined, recordsAt: 0, fault });
  }
  return files;
}

/** The header, or why it is none. */
async function tryHeader(
  path: string,
  first: number,
  isLast: boolean,
  operations: DiskOperations,
): Promise<Pick<LinkedSegment, "header" | "recordsAt"> | Pick<Fault, "reason" | "kind">> {
  try {
    const read = await readHeader(path, first, isLast, operations);
    if (read !== "torn") return read;
    return { reason: "the header of a new segment is torn", kind: "torn-tail" };
  } catch (error) {
    if (error instanceof JournalDamagedError) return { reason: error.reason, kind: "damage" };
    if (!(error instanceof LineTooLongError)) throw error;
    return { reason: "the line is longer than any that is written", kind: "damage" };
  }
}
