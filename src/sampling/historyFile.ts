import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { writeFileAtomic } from "../disk/atomic.js";
import { checkedLine, parseCheckedLine, verifyCheckedLine } from "../disk/checkedLine.js";
import { ensurePrivateFolder } from "../disk/folder.js";
import { hasCode } from "../disk/operations.js";
import { isPendingName } from "../disk/pendingFile.js";
import { readWholeFile } from "../disk/readWhole.js";
import { removeFolder } from "../disk/remove.js";
import { type EncodedHistory, History } from "./history.js";

/** What is kept of one thing between two daemons. */
export interface KeptMetrics {
  readonly history: History;
  /** What else was counted; what it means is the business of others. */
  readonly tally: object;
}

const FORMAT = "sessiond-metrics";
const VERSION = 1;
const NEWLINE = 0x0a;
/** Several times what a whole history comes to. */
const FILE_BYTES = 1_024 * 1_024;
const SUFFIX = ".json";

/**
 * The files with what was measured, one for each thing, in one folder, which is made with the first of them. They are
 * replaced as a whole and never synced: after a crash of the machine one may be old or broken, and counts as none then.
 */
export class HistoryFiles {
  readonly #folder: string;
  #isThere = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param name of the thing: no path */
  async write(name: string, { history, tally }: KeptMetrics): Promise<void> {
    await this.#make();
    const fields = { format: FORMAT, version: VERSION, name, history: history.encode(), tally };
    await writeFileAtomic(this.#path(name), checkedLine(fields, 0).line, { isExpendable: true });
  }

  /** Writes a file for people beside the others, whole or not at all. */
  async writeText(file: string, text: string): Promise<void> {
    await this.#make();
    await writeFileAtomic(join(this.#folder, file), text, { leaveFolderUnsynced: true });
  }

  /** What was kept; undefined where there is nothing, or nothing that can be trusted. */
  async read(name: string): Promise<KeptMetrics | undefined> {
    const bytes = await readWholeFile(this.#path(name), FILE_BYTES).catch(() => undefined);
    if (bytes?.at(-1) !== NEWLINE) return undefined;
    const line = bytes.subarray(0, -1);
    if (verifyCheckedLine(line, 0) === undefined) return undefined;
    const found = parseCheckedLine(line);
    if (found["format"] !== FORMAT || found["version"] !== VERSION || found["name"] !== name)
      return undefined;
    return { history: History.decode(found["history"] as EncodedHistory), tally: found["tally"] as object };
  }

  /** One that is not there is fine. */
  async remove(name: string): Promise<void> {
    await this.#discard(`${name}${SUFFIX}`);
  }

  /** Removes the files of all things of which `isKept` answers false, and what a crash left half written. */
  async sweep(isKept: (name: string) => boolean): Promise<void> {
    const found = await readdir(this.#folder).catch(() => []);
    for (const file of found) {
      const isKnown = !file.endsWith(SUFFIX) || isKept(file.slice(0, -SUFFIX.length));
      if (isPendingName(file) || !isKnown) await this.#discard(file);
    }
  }

  async #make(): Promise<void> {
    if (!this.#isThere) await ensurePrivateFolder(this.#folder);
    this.#isThere = true;
  }

  async #discard(file: string): Promise<void> {
    try {
      await removeFolder(this.#folder, file);
    } catch (error) {
      // Nothing was ever written.
      if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
    }
  }

  #path(name: string): string {
    return join(this.#folder, `${name}${SUFFIX}`);
  }
}
