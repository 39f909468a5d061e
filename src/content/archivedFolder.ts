import type { Stats } from "node:fs";
import { join } from "node:path";

import { diskOperations, hasCode, type DiskOperations } from "../disk/operations.js";
import { isPendingName } from "../disk/pendingFile.js";
import { compressedPath } from "./compressedFile.js";
import { folderName, type FolderOwner } from "./places.js";

/** What lies in the folder of a session and is compressed with it. */
export interface ArchivableFiles {
  /** Files that are there under their own name, and count. */
  readonly plain: readonly string[];
  /** The names of files whose compressed form is there, whether the plain one is or not. */
  readonly compressed: readonly string[];
  /** Files that a crash left half written, of either form. */
  readonly pending: readonly string[];
}

/** Bodies lie in the session's folder itself, and what its commands wrote one below. */
const SHELVES: readonly (readonly [folder: string, name: RegExp])[] = [
  ["", /\.jsonl$/],
  ["output", /\.log$/],
];

/**
 * The bodies and the output in a session's folder. Regular files alone: nobody put a link there for a good reason, and
 * what it leads to is none of ours. A folder that is missing, or is a link, has none.
 */
export async function archivableFiles(
  contentDir: string,
  owner: FolderOwner,
  operations: DiskOperations = diskOperations,
): Promise<ArchivableFiles> {
  const plain: string[] = [];
  const pending: string[] = [];
  const compressed = new Set<string>();
  const root = join(contentDir, folderName(owner));
  if (!(await isFolder(root, operations))) return { plain, compressed: [], pending };
  for (const [folder, wanted] of SHELVES) {
    const path = join(root, folder);
    if (folder !== "" && !(await isFolder(path, operations))) continue;
    for (const name of await operations.readdir(path)) {
      const whole = isPendingName(name) ? name.replace(/\.[^.]*\.tmp$/, "") : name;
      const own = whole.endsWith(SUFFIX) ? whole.slice(0, -SUFFIX.length) : whole;
      if (!wanted.test(own)) continue;
      if (!(await lstatOf(join(path, name), operations))?.isFile()) continue;
      if (whole !== name) pending.push(join(path, name));
      else if (own === name) plain.push(join(path, name));
      else compressed.add(join(path, own));
    }
  }
  return { plain, compressed: [...compressed], pending };
}

const SUFFIX = compressedPath("");

async function isFolder(path: string, operations: DiskOperations): Promise<boolean> {
  return (await lstatOf(path, operations))?.isDirectory() === true;
}

async function lstatOf(path: string, operations: DiskOperations): Promise<Stats | undefined> {
  try {
    return await operations.lstat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
