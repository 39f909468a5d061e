import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { checkedLine } from "../disk/checkedLine.js";
import { ensurePrivateFolder, syncFolder } from "../disk/folder.js";
import { diskOperations } from "../disk/operations.js";
import { PendingFile } from "../disk/pendingFile.js";
import type { Body } from "./bodyFile.js";
import type { OutputStream, StagedBodies } from "./bodyStore.js";
import { type BodyKind, outputName } from "./places.js";
import { discardStaged, STAGING } from "./staging.js";

/** Characters that are collected before they are written. */
const PIECE_LENGTH = 256 * 1024;

interface Growing {
  readonly file: PendingFile;
  lines: string[];
  length: number;
}

/** The output of a command that is being written. */
interface OpenOutput {
  readonly name: string;
  readonly file: PendingFile;
}

/** Staged bodies in files: in a folder of their own, which becomes the session's. */
export class StagedFolder implements StagedBodies {
  readonly token: string;
  readonly #contentDir: string;
  readonly #path: string;
  readonly #files = new Map<BodyKind, Growing>();
  #output: OpenOutput | undefined;
  #hasOutput = false;

  private constructor(contentDir: string, token: string) {
    this.token = token;
    this.#contentDir = contentDir;
    this.#path = join(contentDir, STAGING, token);
  }

  static async create(contentDir: string, token = newStagedToken()): Promise<StagedFolder> {
    const staged = new StagedFolder(contentDir, token);
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

  async addOutput(commandId: string, stream: OutputStream, bytes: Uint8Array): Promise<void> {
    const name = outputName(commandId, stream);
    // One at a time: there may be more of them than files that can be open.
    if (this.#output?.name !== name) {
      await this.#closeOutput();
      this.#output = { name, file: await this.#beginOutput(name) };
    }
    await this.#output.file.write(bytes);
  }

  async seal(): Promise<void> {
    await this.#closeOutput();
    if (this.#hasOutput) await syncFolder(join(this.#path, "output"));
    for (const growing of this.#files.values()) {
      await write(growing);
      await growing.file.publish();
      await growing.file.close();
    }
    this.#files.clear();
    await syncFolder(join(this.#contentDir, STAGING));
  }

  async discard(): Promise<void> {
    for (const { file } of this.#files.values()) await file.discard();
    this.#files.clear();
    await this.#output?.file.discard();
    this.#output = undefined;
    await discardStaged(this.#contentDir, this.token);
  }

  async #beginOutput(name: string): Promise<PendingFile> {
    const folder = join(this.#path, "output");
    if (!this.#hasOutput) await ensurePrivateFolder(folder);
    this.#hasOutput = true;
    return PendingFile.create(join(folder, name), 0o600, diskOperations);
  }

  async #closeOutput(): Promise<void> {
    const open = this.#output;
    if (open === undefined) return;
    await open.file.publishUnsynced();
    this.#output = undefined;
    await open.file.close();
  }

  async #begin(kind: BodyKind): Promise<Growing> {
    const file = await PendingFile.create(join(this.#path, `${kind}.jsonl`), 0o600, diskOperations);
    const growing = { file, lines: [], length: 0 };
    this.#files.set(kind, growing);
    return growing;
  }
}

/** What staged bodies are called by the record that makes their session. */
export function newStagedToken(): string {
  return randomBytes(16).toString("hex");
}

async function write(growing: Growing): Promise<void> {
  const bytes = Buffer.from(growing.lines.join(""));
  growing.lines = [];
  growing.length = 0;
  await growing.file.write(bytes);
}
