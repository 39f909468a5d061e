import type { DiskOperations } from "../disk/operations.js";
import { removeFile } from "../disk/remove.js";
import { listNumbered, numberedPath } from "./names.js";
import { writeSnapshotFile } from "./snapshotFile.js";

const KEPT = 2;
/** After a failure the next one is not wanted before this: a full disk would be asked with every record. */
const RETRY_MS = 10_000;

/** A state that was larger than this when it was last written is not written at a stop: somebody waits for its end. */
const SMALL_STATE_BYTES = 8 * 1024 * 1024;

interface Place {
  readonly seq: number;
  readonly chain: number;
}

export interface SnapshotsOptions {
  readonly snapshotDir: string;
  readonly minimumBytes: number;
  /** Records of at least so many bytes are worth a snapshot at a stop. */
  readonly stopBytes: number;
  readonly nowMs: () => number;
  readonly operations: DiskOperations;
  /** Removes what is needless once everything at or before that seq is in the older of the two snapshots. */
  compact(snapshotSeq: number, signal?: AbortSignal): Promise<void>;
}

/** When a snapshot is due, how one is taken, and which ones are kept. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  /** Seqs of the last two, ascending. */
  #kept: readonly number[];
  #sizeBytes: number;
  #bytesSince: number;
  #notBeforeMs = -Infinity;
  #running: Promise<number> | undefined;

  constructor(
    options: SnapshotsOptions,
    found: { readonly seqs: readonly number[]; readonly sizeBytes: number; readonly bytesSince: number },
  ) {
    this.#options = options;
    this.#kept = found.seqs.slice(-KEPT);
    this.#sizeBytes = found.sizeBytes;
    this.#bytesSince = found.bytesSince;
  }

  /** Seq of the last one, 0 if there is none. */
  get seq(): number {
    return this.#kept.at(-1) ?? 0;
  }

  get bytesSince(): number {
    return this.#bytesSince;
  }

  /** So many bytes of records became durable. */
  grew(sizeBytes: number): void {
    this.#bytesSince += sizeBytes;
  }

  /** The journal outgrew the last one: so snapshots cost a constant share of the writing. */
  get isDue(): boolean {
    const { minimumBytes, nowMs } = this.#options;
    return (
      this.#running === undefined &&
      this.#bytesSince > Math.max(minimumBytes, this.#sizeBytes) &&
      nowMs() >= this.#notBeforeMs
    );
  }

  /** Whether one at a stop spares the next start more than it costs, and takes no time that anybody would notice. */
  get isWorthItAtStop(): boolean {
    const { stopBytes } = this.#options;
    const isIdle = this.#running === undefined;
    return isIdle && this.#bytesSince > stopBytes && this.#sizeBytes <= SMALL_STATE_BYTES;
  }

  /** Takes one of the state at that place; `signal` gives it up. While one is under way, joins it. */
  take(at: Place, entries: Iterable<unknown>, signal?: AbortSignal): Promise<number> {
    this.#running ??= this.#take(at, entries, signal).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Waits for the one that is under way. */
  async settled(): Promise<void> {
    await this.#running?.catch(() => undefined);
  }

  async #take(at: Place, entries: Iterable<unknown>, signal: AbortSignal | undefined): Promise<number> {
    if (at.seq === this.seq) return at.seq;
    const { snapshotDir, nowMs, operations } = this.#options;
    const covered = this.#bytesSince;
    try {
      const header = { ...at, createdAt: nowMs() };
      const all = entries[Symbol.iterator]();
      this.#sizeBytes = await writeSnapshotFile(snapshotDir, header, all, operations, signal);
    } catch (error) {
      this.#notBeforeMs = nowMs() + RETRY_MS;
      throw error;
    }
    this.#bytesSince -= covered;
    this.#kept = [...this.#kept, at.seq].slice(-KEPT);
    await this.#removeOthers();
    if (this.#kept.length === KEPT) await this.#options.compact(this.#kept[0] ?? 0, signal);
    return at.seq;
  }

  async #removeOthers(): Promise<void> {
    const { snapshotDir, operations } = this.#options;
    const { numbers } = await listNumbered(snapshotDir, operations);
    for (const seq of numbers) {
      if (!this.#kept.includes(seq)) await removeFile(numberedPath(snapshotDir, seq), operations);
    }
  }
}
