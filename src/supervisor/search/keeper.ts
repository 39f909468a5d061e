import { readBootId } from "../../process/identity.js";
import { removeIndex, SearchIndex, SearchIndexError } from "../../search/searchIndex.js";
import type { Hit, SearchQuery } from "../../search/messages.js";
import type { Session } from "../../session/state.js";
import type { Bodies } from "../bodies.js";
import type { Committed } from "../ledger.js";
import type { CommittedView } from "../layered.js";
import type { SupervisorLog } from "../options.js";
import { Indexing } from "./indexing.js";

export interface KeeperParts {
  readonly folder: string;
  readonly sessions: CommittedView<Session>;
  readonly bodies: Pick<Bodies, "read" | "savedBytes">;
  readonly log: SupervisorLog;
}

/** How far the index is. */
export interface Progress {
  /** Sessions that were looked at. */
  readonly done: number;
  readonly total: number;
}

/** From a record to the look at its session: what comes in between is done at once. */
const QUIET_MS = 250;
/** An index that was made anew and is damaged again was not hit by chance. */
const REBUILDS = 2;

/**
 * Keeps an open index current: all sessions are looked at once, and then those of which something was recorded. It runs
 * beside everything else, a slice at a time.
 */
export class Keeper {
  readonly #parts: KeeperParts;
  #index: SearchIndex;
  #dirty = new Set<string>();
  #gone: number[] = [];
  #isSurveyed = false;
  #progress: Progress = { done: 0, total: 0 };
  #pass: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #rebuilds = 0;
  #failure: Error | undefined;

  static async open(parts: KeeperParts): Promise<Keeper> {
    return new Keeper(parts, await openIndex(parts));
  }

  private constructor(parts: KeeperParts, index: SearchIndex) {
    this.#parts = parts;
    this.#index = index;
  }

  /** Why it can go on no more; undefined while all is well. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Whether all sessions were looked at since it was opened, or made anew. */
  get isSurveyed(): boolean {
    return this.#isSurveyed;
  }

  get progress(): Progress {
    return this.#progress;
  }

  /** A record has become durable. */
  note({ events, changes }: Pick<Committed, "events" | "changes">): void {
    for (const { sessionId, type } of events)
      if (sessionId !== undefined && !type.startsWith("command/")) this.#dirty.add(sessionId);
    for (const { createdSeq } of changes.removed) this.#gone.push(createdSeq);
    if (this.#isBehind) this.#timer ??= setTimeout(() => void this.#run(), QUIET_MS).unref();
  }

  /** Waits until the index has all that is durable now; false where that takes longer than `patienceMs`. */
  async isCurrent(patienceMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), patienceMs);
    });
    try {
      return await Promise.race([this.#catchUp(), patience]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks the index as it is. @throws {SearchIndexError} */
  async search(query: SearchQuery): Promise<readonly Hit[]> {
    try {
      return await this.#index.ask("search", query);
    } catch (error) {
      if (!isDamage(error)) throw error;
      // Nothing is found for now; what was damaged is made anew meanwhile.
      this.#isSurveyed = false;
      void this.#run(error);
      return [];
    }
  }

  /** Breaks off what is under way, and closes the index. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#pass;
    await this.#index.close();
  }

  get #isBehind(): boolean {
    return !this.#isSurveyed || this.#dirty.size > 0 || this.#gone.length > 0;
  }

  /** What comes after this call is another's business: under a stream of writes nobody would be current. */
  async #catchUp(): Promise<boolean> {
    if (this.#pass !== undefined) await this.#pass;
    if (this.#isBehind) await this.#run();
    return this.#isSurveyed && this.#failure === undefined;
  }

  /** One pass, or the one that is under way. Never rejects. */
  #run(damage?: Error): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pass !== undefined || this.#isClosed || this.#failure !== undefined)
      return this.#pass ?? Promise.resolve();
    this.#pass = this.#passOrRebuild(damage)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#pass = undefined;
      });
    return this.#pass;
  }

  async #passOrRebuild(damage: Error | undefined): Promise<void> {
    let found = damage;
    do {
      try {
        if (found !== undefined) await this.#rebuild(found);
        await this.#onePass();
        return;
      } catch (error) {
        if (!isDamage(error)) throw error;
        found = error;
      }
    } while (!this.#isClosed);
  }

  async #onePass(): Promise<void> {
    const { sessions, bodies } = this.#parts;
    const indexing = new Indexing({
      index: this.#index,
      bodies,
      session: (sessionId) => sessions.get(sessionId),
      isClosed: () => this.#isClosed,
    });
    const isSurvey = !this.#isSurveyed;
    const gone = this.#gone;
    const sessionIds = [...(isSurvey ? sessions.keys() : this.#dirty)];
    const known = isSurvey ? [...sessions.values()].map(({ createdSeq }) => createdSeq) : [];
    this.#gone = [];
    this.#dirty = new Set();
    this.#progress = { done: 0, total: sessionIds.length };
    if (isSurvey) gone.push(...(await this.#index.ask("strangers", known)));
    if (gone.length > 0) await indexing.remove(gone);
    await indexing.run(sessionIds, (count) => {
      this.#progress = { done: this.#progress.done + count, total: sessionIds.length };
    });
    if (!this.#isClosed) this.#isSurveyed = true;
  }

  async #rebuild(err: Error): Promise<void> {
    this.#rebuilds += 1;
    if (this.#rebuilds > REBUILDS) throw new SearchIndexError({ message: err.message, isDamage: false });
    const message = "The search index is damaged, and is made anew";
    this.#parts.log.warn({ err, event: "search.rebuilt" }, message);
    await this.#index.close();
    await removeIndex(this.#parts.folder);
    this.#index = await openIndex(this.#parts);
    this.#isSurveyed = false;
  }

  #fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error));
    if (this.#isClosed) return;
    const message = "The search index is not kept up to date; the next search begins anew";
    this.#parts.log.warn({ err: error, event: "search.failed" }, message);
  }
}

function openIndex({ folder }: KeeperParts): Promise<SearchIndex> {
  return SearchIndex.open({ folder, bootId: readBootId() });
}

function isDamage(error: unknown): error is SearchIndexError {
  return error instanceof SearchIndexError && error.isDamage;
}
