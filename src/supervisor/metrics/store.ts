import { type FolderOwner, folderName, ownerOfFolder } from "../../content/places.js";
import { History, type Measured } from "../../sampling/history.js";
import type { HistoryFiles, KeptMetrics } from "../../sampling/historyFile.js";
import { SerialByKey } from "../../serial.js";
import { addTally, emptyTally, type Tally } from "./tally.js";

/** What is in memory of the metrics of one session, or of the machine. */
export interface Entry {
  readonly history: History;
  readonly tally: Tally;
  /** The last measurement of this daemon. */
  latest: Measured | undefined;
  /** When something was added last, wall time. */
  changedAt: number;
  isSaved: boolean;
  /** When it was written last, wall time. */
  savedAt: number;
}

interface StoreParts {
  readonly files: Pick<HistoryFiles, "read" | "write" | "remove" | "sweep">;
  /** Whether a session is still there. */
  readonly isThere: (owner: FolderOwner) => boolean;
  readonly onTrouble: (error: unknown) => void;
}

/** After so long without anything new an entry is in its file alone. */
const QUIET_MS = 10 * 60_000;
/** An entry is written no more often than this, but for the first time. */
const SAVE_EVERY_MS = 55_000;

/**
 * The metrics of sessions by the names of their folders, each read from its file when it is needed first, and written to
 * it in the background. What is written at a time is bounded; whatever fails is tried again with the next change.
 */
export class MetricsStore {
  readonly #parts: StoreParts;
  readonly #entries = new Map<string, Entry>();
  readonly #turns = new SerialByKey();

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /** How many are in memory. */
  get size(): number {
    return this.#entries.size;
  }

  /** What is in memory of it. */
  get(owner: FolderOwner): Entry | undefined {
    return this.#entries.get(folderName(owner));
  }

  /** The sessions in memory that this daemon has measured. */
  measured(): string[] {
    return [...this.#entries].flatMap(([name, { latest }]) =>
      latest === undefined ? [] : (ownerOfFolder(name)?.sessionId ?? []),
    );
  }

  /** Brings it into memory. Never rejects: what cannot be read is nothing. */
  open(name: string, nowMs: number): Promise<Entry> {
    const known = this.#entries.get(name);
    if (known !== undefined) return Promise.resolve(known);
    return this.#turns.run(name, async () => {
      const again = this.#entries.get(name);
      if (again !== undefined) return again;
      const kept = await this.#read(name);
      const entry: Entry = { ...kept, latest: undefined, changedAt: nowMs, isSaved: true, savedAt: 0 };
      this.#entries.set(name, entry);
      return entry;
    });
  }

  /** What is known of it, without keeping it in memory. */
  async read(name: string): Promise<Pick<Entry, "history" | "tally">> {
    return this.#entries.get(name) ?? this.#read(name);
  }

  /** Writes some of what has changed and was not written of late, those first that have waited longest. Never rejects. */
  async save(most: number, nowMs: number): Promise<void> {
    const isDue = ({ isSaved, savedAt }: Entry): boolean =>
      !isSaved && Math.abs(nowMs - savedAt) >= SAVE_EVERY_MS;
    const due = [...this.#entries].filter(([, entry]) => isDue(entry)).slice(0, most);
    for (const [name, entry] of due) {
      entry.savedAt = nowMs;
      await this.#save(name, entry);
    }
  }

  /** Writes all that has changed, as far as time allows. */
  async close(patienceMs: number): Promise<void> {
    const untilMs = performance.now() + patienceMs;
    const left = [...this.#entries].filter(([, { isSaved }]) => !isSaved);
    for (const [name, entry] of left) if (performance.now() < untilMs) await this.#save(name, entry);
  }

  /** Lets go of what has been quiet for long. */
  evict(nowMs: number): void {
    for (const [name, { isSaved, changedAt }] of this.#entries)
      if (isSaved && Math.abs(nowMs - changedAt) > QUIET_MS) this.#entries.delete(name);
  }

  /** The session was deleted. Never rejects. */
  async remove(owner: FolderOwner): Promise<void> {
    const name = folderName(owner);
    this.#entries.delete(name);
    await this.#guarded(() => this.#turns.run(name, () => this.#parts.files.remove(name)));
  }

  /** Removes the files of sessions that are gone, however that came. Never rejects. */
  async sweep(): Promise<void> {
    await this.#guarded(() =>
      this.#parts.files.sweep((name) => {
        const owner = ownerOfFolder(name);
        return owner === undefined || this.#parts.isThere(owner);
      }),
    );
  }

  async #save(name: string, entry: Entry): Promise<void> {
    entry.isSaved = true;
    // To the end of the row.
    if (this.#entries.delete(name)) this.#entries.set(name, entry);
    const isDone = await this.#guarded(() =>
      this.#turns.run(name, async () => {
        // Deleted meanwhile, it has lost its file, and must not get it again.
        if (this.#entries.get(name) === entry) await this.#parts.files.write(name, entry);
      }),
    );
    entry.isSaved = isDone && entry.isSaved;
  }

  async #read(name: string): Promise<{ history: History; tally: Tally }> {
    const tally = emptyTally();
    let kept: KeptMetrics | undefined;
    await this.#guarded(async () => {
      kept = await this.#parts.files.read(name);
    });
    if (kept !== undefined) addTally(tally, kept.tally as Tally);
    return { history: kept?.history ?? new History(), tally };
  }

  async #guarded(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#parts.onTrouble(error);
      return false;
    }
  }
}
