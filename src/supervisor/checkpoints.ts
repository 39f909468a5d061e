import {
  checkpointFolderName,
  readCheckpoint,
  type ReadCheckpoint,
  stageCheckpoint,
  type StoredCheckpoint,
  writeCheckpoint,
} from "../content/checkpointFile.js";
import type { FolderOwner } from "../content/places.js";
import { discardStaged } from "../content/staging.js";
import { findCheckpoint } from "../session/checkpoint.js";
import type { Event } from "../session/events.js";
import type { CheckpointEntry, CheckpointValue, Session } from "../session/state.js";
import { CheckpointRemovals, type RemovalParts } from "./checkpointRemovals.js";
import type { Placements } from "./placements.js";
import { Serial } from "../serial.js";
import { UrgentSave } from "./urgentSave.js";

/** What a checkpoint keeps, while it is in no file of its own; the rest stands in its session. */
export interface UnsavedValue {
  readonly sessionId: string;
  readonly checkpointId: string;
  readonly value: CheckpointValue;
}

interface Unsaved {
  readonly owner: FolderOwner;
  readonly checkpoint: StoredCheckpoint & { readonly value: CheckpointValue };
  readonly sizeBytes: number;
}

/** Bytes of unsaved values in all, from which on they are saved without waiting for their time. */
const UNSAVED_BYTES = 8 * 1024 * 1024;

/**
 * What checkpoints keep. It is in the journal, and in memory, until it is in a file of its own, each in one; after that
 * it is in the file alone. Like bodies, it is in snapshots meanwhile, so no journal goes that it is still needed from.
 */
export class Checkpoints {
  readonly #checkpointsDir: string;
  readonly #placements: Pick<Placements, "ensure"> | undefined;
  readonly #log: RemovalParts["log"];
  readonly #urgentSave: UrgentSave;
  readonly #removals: CheckpointRemovals;
  readonly #writes = new Serial();
  readonly #unsaved = new Map<string, Unsaved>();
  #sizeBytes = 0;

  /** @param parts `placements`: whose folder is still to be put in its place. */
  constructor(parts: RemovalParts & { readonly placements?: Pick<Placements, "ensure"> }) {
    this.#checkpointsDir = parts.checkpointsDir;
    this.#placements = parts.placements;
    this.#log = parts.log;
    this.#urgentSave = new UrgentSave(() => this.save(), parts.log);
    this.#removals = new CheckpointRemovals(parts, this.#writes);
  }

  /** Follows a durable event of a session that is as it is after its record. */
  follow(session: Session, event: Event): void {
    if (event.type === "checkpoint/created") this.add(session, event.data.checkpointId, event.data.value);
    if (event.type !== "checkpoint/deleted") return;
    const owner = ownerOf(session);
    this.#forget(keyOf(owner, event.data.checkpointId));
    this.#removals.one(owner, event.data.checkpointId);
  }

  /** Takes what a checkpoint keeps that a session has. */
  add(session: Session, id: string, value: CheckpointValue): void {
    const entry = findCheckpoint(session, id);
    if (entry === undefined) return;
    const { checkpointId, seq, at, sizeBytes } = entry;
    const owner = ownerOf(session);
    const checkpoint = { checkpointId, seq, at, value };
    this.#unsaved.set(keyOf(owner, checkpointId), { owner, checkpoint, sizeBytes });
    this.#sizeBytes += sizeBytes;
  }

  /** Whether it is in no file yet. */
  isUnsaved(owner: FolderOwner, checkpointId: string): boolean {
    return this.#unsaved.has(keyOf(owner, checkpointId));
  }

  /** All that is in no file yet, for a snapshot. */
  entries(): UnsavedValue[] {
    return [...this.#unsaved.values()].map(({ owner, checkpoint: { checkpointId, value } }) => {
      return { sessionId: owner.sessionId, checkpointId, value };
    });
  }

  /** Keeps a checkpoint of a session that is still to be made, beside its bodies that are staged under that token. */
  stage(token: string, checkpoint: StoredCheckpoint): Promise<void> {
    return stageCheckpoint(this.#checkpointsDir, token, checkpoint);
  }

  /** Removes what was staged under a token: no record names it, and none will. Never rejects. */
  discard(token: string): Promise<void> {
    return discardStaged(this.#checkpointsDir, token);
  }

  /** What a checkpoint keeps, or in words why nobody can tell any more. */
  async read(
    owner: FolderOwner,
    entry: Pick<CheckpointEntry, "checkpointId" | "seq" | "staged">,
  ): Promise<ReadCheckpoint> {
    const unsaved = this.#unsaved.get(keyOf(owner, entry.checkpointId));
    if (unsaved !== undefined) return unsaved.checkpoint;
    this.#placements?.ensure(owner);
    return readCheckpoint(this.#checkpointsDir, owner, entry);
  }

  /** Forgets the checkpoints of a session that was deleted, and removes their files. */
  dropAll(session: Session): void {
    const owner = ownerOf(session);
    for (const { checkpointId } of session.checkpoints) this.#forget(keyOf(owner, checkpointId));
    this.#removals.allOf(owner);
  }

  /** The replay is over: from now on what goes is removed at once. */
  begin(): void {
    this.#removals.begin();
  }

  /** Saves everything, where there is anything; never rejects: a failure is logged, and tried again after a pause. */
  saveDue(): Promise<void> | undefined {
    return this.#unsaved.size === 0 ? undefined : this.#urgentSave.run();
  }

  /** The same, if so much is unsaved that it should not wait for its time. */
  saveIfFull(): Promise<void> | undefined {
    return this.#sizeBytes > UNSAVED_BYTES ? this.saveDue() : undefined;
  }

  /**
   * Saves everything. A failure leaves that one where it is, holds up no other, and is thrown at the end. After
   * `patienceMs` the rest is left in the journal.
   */
  save(patienceMs = Number.POSITIVE_INFINITY): Promise<void> {
    const stopAtMs = performance.now() + patienceMs;
    return this.#writes.run(async () => {
      // What comes in meanwhile waits for the next time: else this might never end.
      const due = [...this.#unsaved];
      const failures: unknown[] = [];
      for (const [key, unsaved] of due) {
        if (performance.now() > stopAtMs) break;
        if (this.#unsaved.get(key) !== unsaved) continue;
        try {
          this.#placements?.ensure(unsaved.owner);
          await writeCheckpoint(this.#checkpointsDir, unsaved.owner, unsaved.checkpoint);
          if (this.#unsaved.get(key) === unsaved) this.#forget(key);
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    });
  }

  /** Begins no further removal of what the replay saw go, and saves what time allows. Never rejects. */
  async close(patienceMs: number): Promise<void> {
    await this.#removals.close();
    await this.save(patienceMs).catch((err: unknown) => {
      this.#log.warn({ err }, "Checkpoints could not be saved; the journal still has them");
    });
  }

  #forget(key: string): void {
    this.#sizeBytes -= this.#unsaved.get(key)?.sizeBytes ?? 0;
    this.#unsaved.delete(key);
  }
}

/** The session by its name on disk alone, so that nothing else of it is held in memory. */
function ownerOf({ sessionId, createdSeq }: FolderOwner): FolderOwner {
  return { sessionId, createdSeq };
}

function keyOf(owner: FolderOwner, checkpointId: string): string {
  return `${checkpointFolderName(owner)}/${checkpointId}`;
}
