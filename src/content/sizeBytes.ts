import type { Stats } from "node:fs";
import { join } from "node:path";

import { diskOperations, hasCode, type DiskOperations } from "../disk/operations.js";

/**
 * How many bytes lie at a path: those of a file, or of all files in a folder, however deep. Links are neither followed
 * nor counted; what is not there, or goes away meanwhile, counts as nothing.
 */
export async function sizeBytesOf(
  path: string,
  operations: DiskOperations = diskOperations,
): Promise<number> {
  const found = await absentIsNone(operations.lstat(path));
  if (found?.isFile()) return found.size;
  if (found?.isDirectory() !== true) return 0;
  let sizeBytes = 0;
  for (const name of (await absentIsNone(operations.readdir(path))) ?? [])
    sizeBytes += await sizeBytesOf(join(path, name), operations);
  return sizeBytes;
}

async function absentIsNone<T extends Stats | readonly string[]>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
