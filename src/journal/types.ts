import type { DiskOperations } from "../disk/operations.js";

/** What the supervisor hands in: one command is one record of one or more events. */
export interface RecordBody {
  /** Epoch, ms, an integer. */
  readonly at: number;
  /** Cumulative up-time, ms. */
  readonly up: number;
  /** At least one. They must not be changed afterwards. */
  readonly events: readonly unknown[];
  /** Kept with the events and opaque here. */
  readonly key?: unknown;
}

/**
 * Writes the key, where there is one, and the events of a record as JSON.stringify writes `{key, events}`, without the
 * opening brace.
 */
export type ContentText = (content: Pick<RecordBody, "key" | "events">) => string;

/** A record as it is read back. Every event has a seq of its own, `seq - events.length + 1 … seq`. */
export interface StoredRecord extends RecordBody {
  /** The number of the record's last event. */
  readonly seq: number;
}

/**
 * Told exactly once: without an error when the record is durable, with one when it was refused and never will
 * be.
 */
export type Settle = (error?: Error) => void;

/** How the journal is. */
export interface JournalHealth {
  /**
   * `full`: the last write was refused by the disk; appends are still tried, and it turns to `ok` by itself
   * when there is space again. `failed`: a sync failed, nothing is answered any more, the process has to end.
   */
  readonly state: "ok" | "full" | "failed";
  /** Why it is not ok, for a person. */
  readonly reason?: string;
  /** Of all segments, as far as they are durable. */
  readonly sizeBytes: number;
  readonly segments: number;
  /** Durable bytes of records that the last snapshot does not cover. */
  readonly bytesSinceSnapshot: number;
  /** 0 if there is none. */
  readonly snapshotSeq: number;
  /** What was found damaged since the start, in segments that are kept for readers: no state depends on them. */
  readonly damage?: string;
}

/** A place in the journal: the seq of an event that ends a record, and the crc of that record. */
export interface JournalPosition {
  readonly seq: number;
  readonly chain: number;
}

/** The journal: what was settled without an error is never lost. */
export interface Journal {
  /**
   * Seq of the last event appended: decided, maybe not yet durable. Falls back to `committed` on a clean
   * failure.
   */
  readonly head: number;
  /** Seq of the last durable event. */
  readonly committed: number;
  /** The same with the crc of its record, which is where a copy of the state goes on. */
  readonly position: JournalPosition;
  /** The first seq that `read` can still give. */
  readonly oldestSeq: number;
  readonly health: JournalHealth;
  /** `health.state` by itself: it is asked for with every write. */
  readonly state: JournalHealth["state"];
  /**
   * Joins the open batch and answers the seq of the last event. `settle` is called later, in the order of the
   * appends. After a failed sync it is never called. Throws (and changes nothing) if the body cannot be
   * written as JSON, a RangeError if it is longer than 32 Mi characters then, and JournalUnavailableError after
   * `close`.
   */
  append(body: RecordBody, settle: Settle): number;
  /**
   * Settles when today's head is durable: at once if it is, else with that batch. For answers that only read
   * the head.
   */
  whenDurable(settle: Settle): void;
  /**
   * The durable records with any event after `afterSeq`, in order, up to the record that holds `untilSeq`, or
   * else up to what is committed when it gets there. Throws ReplayGapError if some are gone,
   * JournalDamagedError if one cannot be trusted. While it is open it keeps segments alive: end it
   * (`return()`, or leave the loop).
   */
  read(afterSeq: number, untilSeq?: number): AsyncGenerator<StoredRecord>;
  /** Whether the journal since the last snapshot outgrew it, so that one more is worth its cost. */
  needsSnapshot(): boolean;
  /**
   * Writes the state as it is at `committed` now; the entries must be held fast at the call, they are written
   * a slice at a time. Then removes segments that nobody needs: whatever lives in records alone must be saved
   * elsewhere before. Answers the snapshot's seq. Rejects if it cannot be written, and then there is none; also if
   * something needless cannot be removed, and then it counts all the same and the next one tries that again. While
   * one is under way a second call joins it. `signal` gives it up, and then what was there before counts.
   */
  snapshot(entries: Iterable<unknown>, signal?: AbortSignal): Promise<number>;
  /** Whether a snapshot is worth it at a stop: there is more than a little to replay, and the state is small. */
  readonly isWorthSnapshotAtStop: boolean;
  /**
   * Reads what the start took on trust: the segments that are kept for readers alone. Leaves the loop and the disk to
   * others in between. Resolves when all of it was as it was written, or at the close.
   *
   * @throws JournalDamagedError at the first damage; `health` tells of it from then on.
   */
  checkKept(): Promise<void>;
  /** Makes everything durable and closes the file. */
  close(): Promise<void>;
}

/** Something that a start did not take over, for the log. */
export interface SetAside {
  readonly kind: "torn-tail" | "damaged-snapshot";
  readonly file: string;
  /** Where the bad bytes begin. */
  readonly offset: number;
  readonly reason: string;
  /** The file in which they are kept. */
  readonly savedAs: string;
}

/** What both kinds of journal need. */
export interface JournalCallbacks {
  /**
   * A write was refused: called before the settles of everything decided since `committed`, with the same
   * error.
   */
  onFailure(error: Error): void;
  /** A sync failed: nobody was or will be answered. The process must end at once. */
  onFatal(error: Error): void;
}

/** How to open a journal in a folder. */
export interface JournalOptions extends JournalCallbacks {
  readonly journalDir: string;
  readonly snapshotDir: string;
  /** Takes one entry of the newest snapshot, in the order in which they were handed to `snapshot`. */
  restore(entry: unknown): void;
  /** Takes one record after the snapshot, in order. */
  replay(record: StoredRecord): void | Promise<void>;
  onTorn?(notice: SetAside): void;
  /** JSON.stringify, unless somebody knows what is in a record and can write it in less time. */
  readonly contentText?: ContentText;
  /** When a new segment is begun. 16 MiB. */
  readonly segmentBytes?: number;
  /** A last segment of at most this size is written anew as a whole at a start. 1 MiB. */
  readonly rewriteBytes?: number;
  /** Room that is set aside behind the last record, so much at a time. 512 KiB; 0 for none. */
  readonly roomBytes?: number;
  /** Space that is given back when the disk is full. 1 MiB. */
  readonly reserveBytes?: number;
  /** How long (24 h) and how much (256 MiB) is kept for readers beyond the snapshots. */
  readonly keepMs?: number;
  readonly keepBytes?: number;
  /** No snapshot is worth it for less. 32 MiB, some 100,000 records: a second of replay. */
  readonly minimumSnapshotBytes?: number;
  /** From how much on a snapshot is worth it at a stop. 256 KiB, some 1,000 records. */
  readonly stopSnapshotBytes?: number;
  /** How long `checkKept` leaves the disk alone after each quarter of a MiB. 20 ms: a gigabyte takes a minute and a half. */
  readonly checkPauseMs?: number;
  readonly nowMs?: () => number;
  /** The calls to the disk; a test puts its own here. */
  readonly operations?: DiskOperations;
}
