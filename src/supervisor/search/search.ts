import { existsSync } from "node:fs";

import { RefusalError } from "../../protocol/errors.js";
import type { Hit, SearchQuery } from "../../search/messages.js";
import type { Committed } from "../ledger.js";
import type { Keeper, KeeperParts, Progress } from "./keeper.js";

/** How long a search waits for the index to become current, before it answers what is there. */
const PATIENCE_MS = 1_000;
/** Without a search for so long the thread ends, with its memory; the file stays. */
const IDLE_MS = 10 * 60_000;
/** What a deleted session leaves in the index of a daemon that nobody searches goes within so long. */
const REMOVAL_MS = 30_000;

/** What a search came to. */
export interface Found {
  readonly hits: readonly Hit[];
  /** How far the index is, where it does not have everything yet. */
  readonly progress: Progress | undefined;
}

/** How long what takes; a test has less time. */
export interface SearchTimes {
  readonly patienceMs?: number;
  readonly idleMs?: number;
  readonly removalMs?: number;
}

/**
 * The full-text search. A daemon that nobody searches pays nothing for it: the first search loads the code, starts the
 * thread and brings the index up to date, from then on it is kept so, and after a while without a search all of it ends.
 */
export class Search {
  readonly #parts: KeeperParts;
  readonly #times: Required<SearchTimes>;
  #keeper: Promise<Keeper> | undefined;
  #open: Keeper | undefined;
  #idle: NodeJS.Timeout | undefined;
  #removal: NodeJS.Timeout | undefined;
  #closing: Promise<void> = Promise.resolve();
  #searches = 0;
  #isClosed = false;

  constructor(parts: KeeperParts, times: SearchTimes = {}) {
    this.#parts = parts;
    this.#times = { patienceMs: PATIENCE_MS, idleMs: IDLE_MS, removalMs: REMOVAL_MS, ...times };
  }

  /** Whether the thread runs. */
  get isOpen(): boolean {
    return this.#keeper !== undefined;
  }

  /** A record has become durable. */
  note(committed: Pick<Committed, "events" | "changes">): void {
    this.#open?.note(committed);
    // While it opens, all sessions are about to be looked at.
    if (this.isOpen || committed.changes.removed.length === 0 || !existsSync(this.#parts.folder)) return;
    const remove = (): void => void this.#survey();
    this.#removal ??= setTimeout(remove, this.#times.removalMs).unref();
  }

  /** Answers what matches. @throws RefusalError `search_unavailable` */
  async find(query: SearchQuery): Promise<Found> {
    if (this.#isClosed) throw unavailable("the daemon is stopping");
    this.#searches += 1;
    try {
      const keeper = await this.#opened();
      const isCurrent = await keeper.isCurrent(this.#times.patienceMs);
      const hits = await keeper.search(query);
      return { hits, progress: isCurrent && keeper.isSurveyed ? undefined : keeper.progress };
    } catch (error) {
      throw unavailable(error instanceof Error ? error.message : String(error));
    } finally {
      this.#searches -= 1;
      this.#endWhenIdle();
    }
  }

  /** Ends the thread, for good. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#end();
  }

  async #survey(): Promise<void> {
    const keeper = await this.#opened().catch(() => undefined);
    await keeper?.isCurrent(0);
    this.#endWhenIdle();
  }

  #opened(): Promise<Keeper> {
    // What failed may go well now: space may have come back.
    if (this.#open?.failure !== undefined) void this.#end();
    clearTimeout(this.#removal);
    this.#removal = undefined;
    clearTimeout(this.#idle);
    this.#keeper ??= this.#start();
    return this.#keeper;
  }

  /** Counts from the end of the last search: one that takes long is not broken off. */
  #endWhenIdle(): void {
    clearTimeout(this.#idle);
    if (this.#searches === 0 && !this.#isClosed)
      this.#idle = setTimeout(() => void this.#end(), this.#times.idleMs).unref();
  }

  async #start(): Promise<Keeper> {
    try {
      await this.#closing;
      const { Keeper } = await import("./keeper.js");
      return (this.#open = await Keeper.open(this.#parts));
    } catch (error) {
      this.#keeper = undefined;
      throw error;
    }
  }

  #end(): Promise<void> {
    clearTimeout(this.#removal);
    clearTimeout(this.#idle);
    const keeper = this.#keeper;
    this.#keeper = undefined;
    this.#open = undefined;
    if (keeper !== undefined) this.#closing = keeper.then((open) => open.close()).catch(() => undefined);
    return this.#closing;
  }
}

function unavailable(why: string): RefusalError {
  return new RefusalError({
    type: "search_unavailable",
    message: `Nothing can be searched at the moment: ${why.replace(/\.$/, "")}.`,
    hint: "everything else goes on; the index is only a copy, and can be removed while the daemon is stopped",
  });
}
