import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { writeFileAtomic } from "../disk/atomic.js";
import { ensurePrivateFolder } from "../disk/folder.js";
import { hasCode } from "../disk/operations.js";
import { isPendingName } from "../disk/pendingFile.js";
import { removeFile } from "../disk/remove.js";
import { readJsonFile } from "./jsonFile.js";
import type { FolderIdentity } from "./workspaceFolder.js";

/** What is known of one workspace, beside the session that has it: without this, nothing is ever removed. */
export interface WorkspaceRecord {
  readonly sessionId: string;
  /** Random: no two workspaces share one, also of sessions that share an id. */
  readonly token: string;
  readonly kind: "folder" | "worktree";
  readonly path: string;
  readonly keep: "always" | "never" | "if_dirty";
  /**
   * `making`: written before anything is made. `made`: it is there, and the session may or may not be. `used`: the
   * session was there.
   */
  readonly stage: "making" | "made" | "used";
  /** Of the folder; absent while there is none. */
  readonly identity?: FolderIdentity | undefined;
  /** Of a worktree, once its repository was found. */
  readonly git?:
    | {
        readonly commonDir: string;
        readonly branch: string;
        readonly isOwnBranch: boolean;
        /** What git keeps of this worktree; absent while it is being made. */
        readonly gitDir?: string | undefined;
      }
    | undefined;
}

const MOST_BYTES = 65_536;

/** The folder `workspaces/`: one record a workspace, and beside it those folders that were to lie nowhere else. */
export class WorkspaceRecords {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Where a workspace lies that was to lie nowhere else. An id can be no path, so neither can this. */
  placeOf({ sessionId, token }: Pick<WorkspaceRecord, "sessionId" | "token">): string {
    return join(this.#dir, `${sessionId}~${token}`);
  }

  /** Writes a record, durably; the folder of all is made where it is missing. */
  async write(record: WorkspaceRecord): Promise<void> {
    await ensurePrivateFolder(this.#dir);
    await writeFileAtomic(this.#fileOf(record), `${JSON.stringify(record, undefined, 2)}\n`);
  }

  /** Undefined where there is none, or none that could be trusted. */
  async read(one: Pick<WorkspaceRecord, "sessionId" | "token">): Promise<WorkspaceRecord | undefined> {
    const found = await readJsonFile(this.#fileOf(one), MOST_BYTES);
    return "value" in found ? asRecord(found.value, one) : undefined;
  }

  async remove(record: Pick<WorkspaceRecord, "sessionId" | "token">): Promise<void> {
    await removeFile(this.#fileOf(record));
  }

  /** All records; what a crash left half written is removed. */
  async list(): Promise<WorkspaceRecord[]> {
    const records: WorkspaceRecord[] = [];
    for (const name of await this.#names()) {
      if (isPendingName(name)) await removeFile(join(this.#dir, name));
      const [, sessionId, token] = /^(.+)~([0-9a-f]{32})\.json$/.exec(name) ?? [];
      if (sessionId === undefined || token === undefined) continue;
      const record = await this.read({ sessionId, token });
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  async #names(): Promise<readonly string[]> {
    try {
      return await readdir(this.#dir);
    } catch (error) {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    }
  }

  #fileOf(one: Pick<WorkspaceRecord, "sessionId" | "token">): string {
    return `${this.placeOf(one)}.json`;
  }
}

/** A record that says what its name says. It lies where this daemon alone writes, so no more is asked of it. */
function asRecord(
  value: unknown,
  { sessionId, token }: Pick<WorkspaceRecord, "sessionId" | "token">,
): WorkspaceRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const record = value as WorkspaceRecord;
  return record.sessionId === sessionId && record.token === token ? record : undefined;
}
