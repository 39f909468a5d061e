import { join } from "node:path";
import type { DiskOperations } from "../disk/operations.js";
import { isPendingName } from "../disk/pendingFile.js";

const DIGITS = 16;
const NUMBERED = /^\d{16}\.jsonl$/;

/** The path of a segment (by its first seq) or of a snapshot (by its seq). */
export function numberedPath(folder: string, seq: number, suffix = ".jsonl"): string {
  return join(folder, `${String(seq).padStart(DIGITS, "0")}${suffix}`);
}

/**
 * Where a start keeps the bytes of a torn tail; `seq` is the one that the first lost event would have had.
 */
export function tornPath(folder: string, seq: number): string {
  return numberedPath(folder, seq, ".torn");
}

/** What lies in a folder of the journal. */
export interface FolderListing {
  /** The numbers of `<number>.jsonl`, ascending. */
  readonly numbers: readonly number[];
  /** The numbers of `<number>.torn`, ascending. */
  readonly torn: readonly number[];
  /** Paths of files that never got their name. */
  readonly pending: readonly string[];
}

/** Lists a folder. Any error is thrown: a folder that cannot be read is not an empty one. */
export async function listNumbered(folder: string, operations: DiskOperations): Promise<FolderListing> {
  const names = (await operations.readdir(folder)).sort();
  return {
    numbers: names.filter((name) => NUMBERED.test(name)).map((name) => Number(name.slice(0, DIGITS))),
    torn: names.filter((name) => /^\d{16}\.torn$/.test(name)).map((name) => Number(name.slice(0, DIGITS))),
    pending: names.filter(isPendingName).map((name) => join(folder, name)),
  };
}
