import { join } from "node:path";
import type { AppendFile } from "../disk/appendFile.js";
import { exists } from "../disk/operations.js";
import { compact } from "./compact.js";
import { DEFAULTS, type FullOptions } from "./defaults.js";
import { numberedPath } from "./names.js";
import { KeptCheck } from "./keptCheck.js";
import { Reader } from "./reader.js";
import { recover, type Recovered } from "./recover.js";
import { beginSegment } from "./beginSegment.js";
import { Reserve } from "./reserve.js";
import type { Segment } from "./segment.js";
import { Snapshots } from "./snapshots.js";
import type { Journal, JournalHealth, JournalOptions, RecordBody, Settle, StoredRecord } from "./types.js";
import { Writer } from "./writer.js";

/**
 * Opens the journal in a folder: recovers, restores the newest snapshot, replays what follows it, and is then
 * ready for appends. Rejects with JournalDamagedError if anything is not as it was written, with OtherFormatError
 * if another version wrote it, and with the disk's own error if something cannot be read.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const full = { ...DEFAULTS, ...options };
  const reserve = new Reserve(join(full.journalDir, "reserve"), full.reserveBytes, full.operations);
  const recovered = await recover({ ...full, releaseReserve: () => reserve.release() });
  const journal = new FileJournal(full, recovered, reserve);
  await journal.fillReserve();
  return journal;
}

/** Puts writer, reader, snapshots and reserve together over one list of segments. */
class FileJournal implements Journal {
  readonly #options: FullOptions;
  readonly #segments: Segment[];
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #keptCheck: KeptCheck;
  readonly #snapshots: Snapshots;
  readonly #reserve: Reserve;
  #rotateAtBytes: number;

  constructor(options: FullOptions, recovered: Recovered, reserve: Reserve) {
    this.#options = options;
    this.#segments = recovered.segments;
    this.#rotateAtBytes = options.segmentBytes;
    this.#reserve = reserve;
    recovered.file.keepRoom(options.roomBytes);
    this.#writer = new Writer(recovered.file, recovered.end, {
      ...options,
      onCommitted: ({ at, sizeBytes }) => this.#onCommitted(at, sizeBytes),
      onFull: () => this.#onFull(),
      rotate: (file) => this.#rotate(file),
    });
    this.#reader = new Reader(this.#segments, () => this.committed, options.operations);
    this.#keptCheck = new KeptCheck(this.#reader, options.checkPauseMs);
    this.#snapshots = new Snapshots(
      {
        ...options,
        minimumBytes: options.minimumSnapshotBytes,
        stopBytes: options.stopSnapshotBytes,
        compact: (snapshotSeq, signal) => this.#compact(snapshotSeq, signal),
      },
      {
        seqs: recovered.snapshotSeqs,
        sizeBytes: recovered.snapshot?.sizeBytes ?? 0,
        bytesSince: recovered.bytesSinceSnapshot,
      },
    );
  }
  get head(): number {
    return this.#writer.head;
  }

  get committed(): number {
    return this.#writer.committed.seq;
  }

  get position(): Journal["position"] {
    return this.#writer.committed;
  }

  get oldestSeq(): number {
    return this.#reader.oldestSeq;
  }

  get state(): JournalHealth["state"] {
    return this.#writer.state;
  }

  get health(): JournalHealth {
    const { damage } = this.#keptCheck;
    return {
      ...(damage === undefined ? {} : { damage }),
      ...this.#writer.health,
      sizeBytes: this.#segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      segments: this.#segments.length,
      bytesSinceSnapshot: this.#snapshots.bytesSince,
      snapshotSeq: this.#snapshots.seq,
    };
  }

  append(body: RecordBody, settle: Settle): number {
    return this.#writer.append(body, settle);
  }

  whenDurable(settle: Settle): void {
    this.#writer.whenDurable(settle);
  }

  read(afterSeq: number, untilSeq?: number): AsyncGenerator<StoredRecord> {
    return this.#reader.read(afterSeq, untilSeq);
  }

  needsSnapshot(): boolean {
    return this.#snapshots.isDue;
  }

  get isWorthSnapshotAtStop(): boolean {
    return this.#snapshots.isWorthItAtStop && this.state === "ok";
  }

  snapshot(entries: Iterable<unknown>, signal?: AbortSignal): Promise<number> {
    return this.#snapshots.take(this.#writer.committed, entries, signal);
  }

  checkKept(): Promise<void> {
    return this.#keptCheck.run();
  }

  async close(): Promise<void> {
    await this.#keptCheck.stop();
    await this.#reserve.stop();
    await this.#snapshots.settled();
    await this.#writer.close();
    // Again: a batch that was refused meanwhile has begun another watch.
    await this.#reserve.stop();
  }

  /** A disk too full for the reserve is no reason not to start: reads work, and space may come back. */
  async fillReserve(): Promise<void> {
    try {
      await this.#reserve.ensure();
    } catch (error) {
      this.#writer.markFull(error instanceof Error ? error.message : String(error));
      this.#reserve.watch(() => this.#writer.markOk());
    }
  }

  #onFull(): void {
    this.#reserve.release();
    this.#reserve.watch(() => this.#writer.markOk());
  }

  #onCommitted(at: number, sizeBytes: number): void {
    const segment = this.#segments.at(-1);
    if (segment === undefined) return;
    const { seq, chain } = this.#writer.committed;
    segment.sizeBytes += sizeBytes;
    segment.lastAtMs = at;
    segment.note(seq, segment.sizeBytes, chain);
    this.#snapshots.grew(sizeBytes);
  }

  #rotate(file: AppendFile): Promise<AppendFile> | undefined {
    const last = this.#segments.at(-1);
    return last && last.sizeBytes >= this.#rotateAtBytes ? this.#beginNext(last, file) : undefined;
  }

  /** Called with no sync in flight, so `committed` is the end of the file. */
  async #beginNext(last: Segment, file: AppendFile): Promise<AppendFile> {
    const { journalDir, segmentBytes, roomBytes, nowMs, operations } = this.#options;
    const { seq, chain } = this.#writer.committed;
    const previous = { first: last.first, sizeBytes: last.sizeBytes };
    try {
      const header = { first: seq + 1, chain, previous };
      const opened = await beginSegment(journalDir, header, Buffer.alloc(0), nowMs(), operations);
      opened.file.keepRoom(roomBytes);
      this.#segments.push(opened.segment);
      this.#rotateAtBytes = segmentBytes;
      // All of it is durable, so closing has nothing left to fail at.
      await file.close().catch(() => undefined);
      return opened.file;
    } catch (error) {
      // Under its name the new one has sealed the old one already, and whether durably nobody knows.
      if (await exists(numberedPath(journalDir, seq + 1), operations)) throw error;
      this.#rotateAtBytes = last.sizeBytes + segmentBytes / 16;
      return file;
    }
  }

  async #compact(snapshotSeq: number, signal: AbortSignal | undefined): Promise<void> {
    const { journalDir, keepMs, keepBytes, nowMs, operations } = this.#options;
    const readThroughSeq = (): number => this.#reader.readThroughSeq;
    const limits = { snapshotSeq, readThroughSeq, keepMs, keepBytes, nowMs: nowMs(), signal };
    await compact(journalDir, this.#segments, limits, operations);
  }
}
