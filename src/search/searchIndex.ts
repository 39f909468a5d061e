import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import { ensurePrivateFolder } from "../disk/folder.js";
import { removeTree } from "../disk/remove.js";
import type { Asked, Failure, Opening, Response } from "./messages.js";

/** Where the thread's program lies in this package: bundled, with the WebAssembly of SQLite beside it. */
const PROGRAM = join("dist", "search", "worker.cjs");
const FILE = "index.db";

/** The index could not do what it was asked for. */
export class SearchIndexError extends Error {
  override readonly name = "SearchIndexError";
  /** Whether only making it anew helps. */
  readonly isDamage: boolean;

  constructor({ message, isDamage }: Failure) {
    super(message);
    this.isDamage = isDamage;
  }
}

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** The full-text index: a file, and a thread that has it. It is a cache, and its folder can go at any time. */
export class SearchIndex {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #lastId = 0;
  #failure: SearchIndexError | undefined;

  /**
   * Opens the index in a folder, or makes it. What is damaged, or of another version, is removed and made anew. Only who
   * has the lock of the data folder may call this.
   */
  static async open(options: {
    readonly folder: string;
    readonly bootId: string | undefined;
  }): Promise<SearchIndex> {
    const { folder, bootId } = options;
    const open = async (): Promise<SearchIndex> => {
      await ensurePrivateFolder(folder);
      // Left by a process that was killed, it would keep everybody out for ever.
      await removeTree(folder, `${FILE}.lock`);
      const index = new SearchIndex({ path: join(folder, FILE), bootId });
      try {
        await index.#ask<null>(0, undefined);
      } catch (error) {
        await index.close();
        throw error;
      }
      return index;
    };
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof SearchIndexError) || !error.isDamage) throw error;
      await removeIndex(folder);
      return open();
    }
  }

  private constructor(opening: Opening) {
    this.#worker = new Worker(programPath(), {
      name: "search",
      workerData: opening,
      // What the daemon was started with is meant for the daemon.
      execArgv: [],
      env: {},
      // What it hands on lives for a moment; more room would only be filled.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    this.#worker.unref();
    this.#worker.on("message", (response: Response) => this.#settle(response));
    this.#worker.on("error", (error) => this.#fail(error.message));
    this.#ended = new Promise((resolve) => {
      this.#worker.once("exit", () => {
        this.#fail("The thread of the search has ended.");
        resolve();
      });
    });
  }

  /** Asks the thread. @throws {SearchIndexError} */
  ask<K extends keyof Asked>(ask: K, params: Asked[K]["params"]): Promise<Asked[K]["answer"]> {
    this.#lastId += 1;
    return this.#ask(this.#lastId, { ask, params });
  }

  /** Ends the thread, after what it was asked for before. */
  async close(): Promise<void> {
    this.#worker.ref();
    if (this.#failure === undefined) this.#worker.postMessage(null);
    else await this.#worker.terminate();
    await this.#ended;
  }

  #ask<Answer>(id: number, question: object | undefined): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      if (question !== undefined) this.#worker.postMessage({ id, ...question });
    });
  }

  #settle(response: Response): void {
    const waiting = this.#waiting.get(response.id);
    this.#waiting.delete(response.id);
    if ("answer" in response) waiting?.resolve(response.answer as never);
    else waiting?.reject(new SearchIndexError(response.failure));
  }

  #fail(message: string): void {
    this.#failure ??= new SearchIndexError({ message, isDamage: false });
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

/** Removes an index with its folder; nobody may have it open. */
export function removeIndex(folder: string): Promise<void> {
  return removeTree(dirname(folder), basename(folder));
}

/** The thread's program, from wherever this code was put: in the nearest folder above that has it. */
function programPath(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, PROGRAM)) && folder !== dirname(folder)) folder = dirname(folder);
  const path = join(folder, PROGRAM);
  if (existsSync(path)) return path;
  const message = `${PROGRAM} of sessiond is missing: its code was made part of another program without it.`;
  throw new SearchIndexError({ message, isDamage: false });
}
