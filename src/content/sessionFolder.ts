import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

import { writeFileAtomic, writePiecesAtomic } from "../disk/atomic.js";
import { ensurePrivateFolder, syncFolder } from "../disk/folder.js";
import { diskOperations, exists, hasCode } from "../disk/operations.js";
import { isPendingName } from "../disk/pendingFile.js";
import { removeFile, renameFile } from "../disk/remove.js";
import { gzipText, readJsonFile, type ReadJson } from "./jsonFile.js";
import { faultOfRegistryFile } from "./registryFile.js";
import { sessionFileName } from "./sessionFileName.js";

/** Where a session's file is: with the others, or compressed among those that were archived. */
export type Shelf = "sessions" | "archive";

/** A session's file and registry are looked at up to this size; what is larger was not written here. */
const SESSION_FILE_BYTES = 16 * 1024 * 1024;

const REGISTRY = "registry.json";

/**
 * The folder with the files for people: `registry.json`, `session_<id>.json`, `archive/session_<id>.json.gz`. What
 * they say is the business of others. Everything here is written whole or not at all; the names are durable after
 * `sync`.
 */
export class SessionFolder {
  readonly path: string;
  readonly archivePath: string;
  readonly registryPath: string;
  readonly #isCaseSensitive: boolean;
  /** What the registry was like when it was last written here, so that it need not be read each time. */
  #knownRegistry: string | undefined;

  private constructor(path: string, isCaseSensitive: boolean) {
    this.path = path;
    this.archivePath = join(path, "archive");
    this.registryPath = join(path, REGISTRY);
    this.#isCaseSensitive = isCaseSensitive;
  }

  /** Makes the folders where they are missing. @throws where one of them is not the user's own */
  static async open(path: string): Promise<SessionFolder> {
    await ensurePrivateFolder(path);
    await ensurePrivateFolder(join(path, "archive"));
    return new SessionFolder(path, !(await exists(join(path, "ARCHIVE"), diskOperations)));
  }

  pathOf(sessionId: string, shelf: Shelf): string {
    const name = sessionFileName(sessionId, this.#isCaseSensitive);
    return shelf === "archive" ? join(this.archivePath, `${name}.gz`) : join(this.path, name);
  }

  /** The names on a shelf; what a crash left half written is removed. */
  async list(shelf: Shelf): Promise<ReadonlySet<string>> {
    const folder = shelf === "archive" ? this.archivePath : this.path;
    const names = new Set<string>();
    for (const name of await readdir(folder)) {
      if (isPendingName(name)) await removeFile(join(folder, name));
      else names.add(name);
    }
    return names;
  }

  /** Whether something lies where the file of this session belongs. */
  has(sessionId: string, shelf: Shelf): Promise<boolean> {
    return exists(this.pathOf(sessionId, shelf), diskOperations);
  }

  read(path: string): Promise<ReadJson> {
    return readJsonFile(path, SESSION_FILE_BYTES);
  }

  /** Writes the session's file to its shelf; what is on the other one is removed after it. */
  async write(sessionId: string, text: string, shelf: Shelf): Promise<void> {
    const content = shelf === "archive" ? await gzipText(text) : text;
    await writeFileAtomic(this.pathOf(sessionId, shelf), content, { leaveFolderUnsynced: true });
    await this.#take(sessionId, shelf === "archive" ? "sessions" : "archive");
  }

  /** Removes whatever there is of a session. */
  async remove(sessionId: string): Promise<void> {
    await this.#take(sessionId, "sessions");
    await this.#take(sessionId, "archive");
  }

  /** Gives a file another name that says what is the matter with it, and answers that name. */
  async setAside(path: string, atMs: number): Promise<string> {
    const aside = `${path}.damaged-${new Date(atMs).toISOString().replaceAll(":", "-")}`;
    await renameFile(path, aside);
    return aside;
  }

  /** What is wrong with the registry as it lies there, if anything; one that is missing is no damage. */
  async faultOfRegistry(): Promise<string | undefined> {
    const now = await stampOf(this.registryPath);
    return now === this.#knownRegistry ? undefined : faultOfRegistryFile(this.registryPath);
  }

  async writeRegistry(pieces: Iterable<string>): Promise<void> {
    await writePiecesAtomic(this.registryPath, pieces, { leaveFolderUnsynced: true });
    this.#knownRegistry = await stampOf(this.registryPath);
  }

  /** Makes the names durable. */
  async sync(): Promise<void> {
    await syncFolder(this.path);
    await syncFolder(this.archivePath);
  }

  async #take(sessionId: string, shelf: Shelf): Promise<void> {
    if (await this.has(sessionId, shelf)) await removeFile(this.pathOf(sessionId, shelf));
  }
}

/** What changes when anybody writes a file. */
async function stampOf(path: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeMs } = await lstat(path);
    return `${ino}:${size}:${mtimeMs}`;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
