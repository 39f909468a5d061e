import { lstat, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { hasCode } from "../disk/operations.js";

/** A file that may hold a session. */
export interface ImportFile {
  /** As people name it: below the folder that was given. */
  readonly name: string;
  readonly path: string;
  /** It lies in the archive. */
  readonly isArchived: boolean;
}

export interface ImportListing {
  /** In the order of their names, archived ones last. */
  readonly files: readonly ImportFile[];
  /** Where a registry belongs that may lie beside them. */
  readonly registryPath: string | undefined;
}

const SESSION_FILE = /^session_.*\.jsonl?(?:\.gz)?$/;

/**
 * What there is to be imported at a path: the session files of a folder and of its `archive/`, or the one file.
 * No symbolic link is followed, and nothing else is looked into.
 *
 * @throws an Error whose message says what is wrong with the path
 */
export async function listImportFiles(path: string): Promise<ImportListing> {
  const kind = await kindOf(path);
  if (kind === "file") {
    const isArchived = basename(dirname(path)) === "archive";
    return { files: [{ name: basename(path), path, isArchived }], registryPath: undefined };
  }
  if (kind !== "folder") throw new Error(`${path} ${kind}.`);
  const files = await sessionFilesIn(path, "");
  if ((await kindOf(join(path, "archive"))) === "folder")
    files.push(...(await sessionFilesIn(path, "archive")));
  return { files, registryPath: join(path, "registry.json") };
}

async function sessionFilesIn(path: string, folder: "" | "archive"): Promise<ImportFile[]> {
  const names = (await readdir(join(path, folder))).filter((name) => SESSION_FILE.test(name));
  return names
    .sort()
    .map((name) => ({ name: join(folder, name), path: join(path, folder, name), isArchived: folder !== "" }));
}

/** What lies at a path, or in words why it is of no use. */
async function kindOf(path: string): Promise<string> {
  try {
    const found = await lstat(path);
    if (found.isSymbolicLink()) return "is a symbolic link, and none is followed";
    if (found.isDirectory()) return "folder";
    return found.isFile() ? "file" : "is neither a folder nor a file";
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return "does not exist";
    if (hasCode(error, "EACCES")) return "cannot be read";
    throw error;
  }
}
