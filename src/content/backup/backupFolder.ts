import { lstat, mkdir, readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";

import { writePiecesAtomic } from "../../disk/atomic.js";
import { copyFile, digestFile, type CopyOptions } from "../../disk/copyFile.js";
import { ensurePrivateFolder, syncFolder } from "../../disk/folder.js";
import { hasCode } from "../../disk/operations.js";
import { removeTree } from "../../disk/remove.js";
import { BackupError } from "./backupError.js";
import { MANIFEST_NAME, manifestPieces, type BackupFile, type Manifest } from "./manifest.js";

/**
 * A backup on its way: a folder that is filled, and whole once its manifest is there. Everything in it has mode 0700
 * or 0600; a folder that was there already keeps its own mode.
 */
export class BackupFolder {
  readonly path: string;
  readonly #files: BackupFile[] = [];
  /** Relative paths of the folders that have to be synced, each after those that it lies in. */
  readonly #folders = new Set<string>();

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Takes a folder for a backup: a new one, or an empty one of the user's own, outside of the data folder.
   *
   * @throws {BackupError} where it cannot be used; Node's own errors where it cannot be made
   */
  static async claim(path: string, dataDir: string): Promise<BackupFolder> {
    const parent = await parentOf(path);
    const place = join(parent, basename(resolve(path)));
    // Both without links: two names of one folder must not look like two folders.
    if (isWithin(place, await realpath(dataDir))) throw unusable(path, "it lies in the data folder itself");
    if (await isTaken(place)) throw unusable(path, "there is something in it, or it is no folder");
    await makeFolder(place);
    await ensurePrivateFolder(place);
    await syncFolder(parent);
    return new BackupFolder(place);
  }

  /** Bytes of all files so far, the manifest not included. */
  get sizeBytes(): number {
    return this.#files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  get fileCount(): number {
    return this.#files.length;
  }

  /** Where a file of the backup lies. Its folder is made where it is missing. */
  async pathFor(name: string): Promise<string> {
    const parts = name.split("/").slice(0, -1);
    for (const depth of parts.keys()) {
      const folder = parts.slice(0, depth + 1).join("/");
      if (this.#folders.has(folder)) continue;
      await makeFolder(join(this.path, folder));
      this.#folders.add(folder);
    }
    return join(this.path, name);
  }

  /** Copies a file into the backup, or the beginning of it. One that is not there is left out. */
  async copy(from: string, name: string, options: CopyOptions): Promise<void> {
    try {
      const digest = await copyFile(from, await this.pathFor(name), options);
      this.#files.push({ name, ...digest });
    } catch (error) {
      const isMissing = hasCode(error, "ENOENT") && (error as NodeJS.ErrnoException).path === from;
      if (!isMissing) throw error;
    }
  }

  /** Takes a file into account that was written to its place by somebody else, durably. */
  async add(path: string, options: CopyOptions): Promise<void> {
    const name = relative(this.path, path).split(sep).join("/");
    this.#files.push({ name, ...(await digestFile(path, options)) });
  }

  /** Makes everything durable, and the backup a whole one. */
  async finish(manifest: Omit<Manifest, "files">): Promise<void> {
    for (const folder of [...this.#folders].toReversed()) await syncFolder(join(this.path, folder));
    await syncFolder(this.path);
    const pieces = manifestPieces({ ...manifest, files: this.#files });
    await writePiecesAtomic(join(this.path, MANIFEST_NAME), pieces);
  }

  /** Removes what was written. The folder itself stays: it can be taken again. */
  async discard(): Promise<void> {
    for (const name of await readdir(this.path)) {
      const isOurs = ["journal", "snapshots", "content", "checkpoints", "uptime.json"].includes(name);
      if (isOurs || name.startsWith(MANIFEST_NAME)) await removeTree(this.path, name);
    }
  }
}

/** The folder that a path lies in, without links. */
async function parentOf(path: string): Promise<string> {
  try {
    const parent = await realpath(dirname(resolve(path)));
    if ((await lstat(parent)).isDirectory()) return parent;
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
  }
  throw unusable(path, "there is no folder that it could lie in");
}

/** Not recursively: where the system says that there is no such folder, Node would try again for ever. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
}

/** Whether something is there that must not be written over or into. */
async function isTaken(path: string): Promise<boolean> {
  try {
    // Not followed: what a link points to may be anything.
    if (!(await lstat(path)).isDirectory()) return true;
    return (await readdir(path)).length > 0;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

function unusable(path: string, fault: string): BackupError {
  const hint =
    "name a folder that is empty or does not exist yet, in one that does, outside of the data folder";
  return new BackupError("folder_unusable", `${path} cannot take a backup: ${fault}.`, hint);
}
