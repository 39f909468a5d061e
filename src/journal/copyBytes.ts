import { constants } from "node:fs";
import type { DiskOperations } from "../disk/operations.js";
import type { PendingFile } from "../disk/pendingFile.js";

const CHUNK_BYTES = 1024 * 1024;

/** Copies a part of a file to the end of another one, a piece at a time; up to its end where `to` is absent. */
export async function copyBytes(
  path: string,
  { from, to = Infinity }: { readonly from: number; readonly to?: number },
  target: PendingFile,
  operations: DiskOperations,
): Promise<void> {
  const fd = await operations.open(path, constants.O_RDONLY);
  try {
    const bytes = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = from; at < to;) {
      const count = await operations.read(fd, bytes, 0, Math.min(bytes.length, to - at), at);
      if (count === 0) return;
      await target.write(bytes.subarray(0, count));
      at += count;
    }
  } finally {
    await operations.close(fd);
  }
}
