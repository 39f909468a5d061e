import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { checkedLine } from "../disk/checkedLine.js";
import { ensurePrivateFolder, syncFolder } from "../disk/folder.js";
import { diskOperations, hasCode } from "../disk/operations.js";
import { PendingFile } from "../disk/pendingFile.js";
import { moveFolderNow, removeTree } from "../disk/remove.js";
import type { Body } from "./bodyFile.js";
import type { StagedBodies } from "./bodyStore.js";
import { type BodyKind, folderName, type FolderOwner } from "./places.js";

/** Beside the folders of sessions, on the same file system. No id begins with a dot, so it is no session's. */
const STAGING = ".staged";
const TOKEN = /^[0-9a-f]{32}$/;
/** Characters that are collected before they are written. */
const PIECE_LENGTH = 256 * 1024;

interface Growing {
  readonly file: PendingFile;
  lines: string[];
  length: number;
}

/** Staged bodies in files: in a folder of their own, which becomes the session's. */
export class StagedFolder implements StagedBodies {
  readonly token = randomBytes(16).toString("hex");
  readonly #staging: string;
  readonly #path: string;
  readonly #files = new Map<BodyKind, Growing>();

  private constructor(contentDir: string) {
    this.#staging = join(contentDir, STAGING);
    this.#path = join(this.#staging, this.token);
  }

  static async create(contentDir: string): Promise<StagedFolder> {
    const staged = new StagedFolder(contentDir);
    await ensurePrivateFolder(staged.#path);
    return staged;
  }

  async add(kind: BodyKind, body: Body): Promise<void> {
    const { line } = checkedLine(body, 0);
    const growing = this.#files.get(kind) ?? (await this.#begin(kind));
    growing.lines.push(line);
    growing.length += line.length;
    if (growing.length > PIECE_LENGTH) await write(growing);
  }

  async seal(): Promise<void> {
    for (const growing of this.#files.values()) {
      await write(growing);
      await growing.file.publish();
      await growing.file.close();
    }
    this.#files.clear();
    await syncFolder(this.#staging);
  }

  async discard(): Promise<void> {
    for (const { file } of this.#files.values()) await file.discard();
    this.#files.clear();
    await removeTree(this.#staging, this.token).catch(() => undefined);
  }

  async #begin(kind: BodyKind): Promise<Growing> {
    const file = await PendingFile.create(join(this.#path, `${kind}.jsonl`), 0o600, diskOperations);
    const growing = { file, lines: [], length: 0 };
    this.#files.set(kind, growing);
    return growing;
  }
}

async function write(growing: Growing): Promise<void> {
  const bytes = Buffer.from(growing.lines.join(""));
  growing.lines = [];
  growing.length = 0;
  await growing.file.write(bytes);
}

/**
 * Makes a staged folder that of its session, in this very turn; one that is there already stays as it is. Durable once
 * {@link syncPlaced} came back.
 *
 * @throws what the system says where it cannot be moved
 */
export function placeStaged(contentDir: string, token: string, owner: FolderOwner): void {
  if (!TOKEN.test(token))
    throw new Error(`The staged folder ${JSON.stringify(token)} is none of this daemon's.`);
  moveFolderNow(join(contentDir, STAGING, token), join(contentDir, folderName(owner)));
}

/** Makes durable what was placed. */
export async function syncPlaced(contentDir: string): Promise<void> {
  // First where they are now: after a power cut one may be in both places or in one, and never in none.
  await syncFolder(contentDir);
  await syncFolder(join(contentDir, STAGING)).catch((error: unknown) => {
    if (!hasCode(error, "ENOENT")) throw error;
  });
}

/** Removes all that was staged. */
export async function removeStaged(contentDir: string): Promise<void> {
  const staging = join(contentDir, STAGING);
  let names: string[];
  try {
    names = await readdir(staging);
  } catch (error) {
    // Where there is no such folder, nothing is in it; why there is none is told by whoever needs it.
    if (hasCode(error, "ENOENT", "ENOTDIR")) return;
    throw error;
  }
  for (const name of names) await removeTree(staging, name);
}
