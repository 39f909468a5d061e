import { AppendFile } from "../disk/appendFile.js";
import type { DiskOperations } from "../disk/operations.js";
import { PendingFile } from "../disk/pendingFile.js";
import { formatHeader, type SegmentHeader } from "./header.js";
import { numberedPath } from "./names.js";
import { Segment } from "./segment.js";

/** A new segment with what it begins with, open for appends. */
export interface OpenedSegment {
  readonly segment: Segment;
  readonly file: AppendFile;
}

/**
 * Begins a segment: header and first records in one file that gets its name when it is on the disk.
 * A segment of the same name is replaced.
 */
export async function beginSegment(
  journalDir: string,
  header: SegmentHeader,
  records: Uint8Array,
  nowMs: number,
  operations: DiskOperations,
): Promise<OpenedSegment> {
  const path = numberedPath(journalDir, header.first);
  const headerLine = Buffer.from(formatHeader(header));
  const pending = await PendingFile.create(path, 0o600, operations);
  try {
    await pending.write(headerLine);
    await pending.write(records);
    await pending.publish();
  } catch (error) {
    await pending.discard();
    throw error;
  }
  const start = { seq: header.first - 1, offset: headerLine.length, chain: header.chain };
  const segment = new Segment(path, start, nowMs);
  segment.sizeBytes = pending.sizeBytes;
  return { segment, file: new AppendFile(path, pending.fd, pending.sizeBytes, operations) };
}
