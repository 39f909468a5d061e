import type { BodyStore } from "../content/bodyStore.js";
import { checkpointFolderName } from "../content/checkpointFile.js";
import { type FolderOwner, folderName } from "../content/places.js";
import { placeStaged, removeAllStaged, syncStaging } from "../content/staging.js";
import { type Event, stagedBy } from "../session/events.js";
import type { SupervisorLog } from "./options.js";

type Store = Pick<BodyStore, "place" | "syncPlaced" | "removeStaged">;

/** A folder that belongs to a session and could not be moved to where the session has its own. */
interface Left {
  readonly owner: FolderOwner;
  readonly token: string;
}

/**
 * Gives sessions that were cloned or imported the folder with their bodies, and the one with their checkpoints, which were
 * put together before there was a record of them. They are moved in the turn in which the record becomes durable, so nobody finds the session without it;
 * a replay does it again, and finds it done. A snapshot waits until that is durable: behind it nothing knows any more
 * where the folder was.
 */
export class Placements {
  readonly #store: Store;
  readonly #checkpointsDir: string;
  readonly #log: Pick<SupervisorLog, "warn">;
  readonly #left = new Map<string, Left>();
  #isUnsynced = false;

  constructor(options: {
    readonly store: Store;
    readonly checkpointsDir: string;
    readonly log: Pick<SupervisorLog, "warn">;
  }) {
    this.#store = options.store;
    this.#checkpointsDir = options.checkpointsDir;
    this.#log = options.log;
  }

  /** Whether everything is where it belongs, durably. */
  get isSettled(): boolean {
    return this.#left.size === 0 && !this.#isUnsynced;
  }

  /** Moves the folder of the session that a durable event makes, if it brought one along; `seq` is the event's. */
  place(event: Event, seq: number): void {
    const token = stagedBy(event);
    if (token === undefined || event.sessionId === undefined) return;
    const left = { owner: { sessionId: event.sessionId, createdSeq: seq }, token };
    this.#left.set(folderName(left.owner), left);
    try {
      this.#move(left);
    } catch (err) {
      const { sessionId } = left.owner;
      this.#log.warn({ err, sessionId }, "What a new session brought along cannot be put in its place yet");
    }
  }

  /**
   * Makes sure, in this very turn, that a session has its folder, before anything is read or written there.
   *
   * @throws what the system says where it still cannot be moved
   */
  ensure(owner: FolderOwner): void {
    if (this.#left.size === 0) return;
    const left = this.#left.get(folderName(owner));
    if (left !== undefined) this.#move(left);
  }

  /** The session was deleted. What it has not got by now is removed by the next start. */
  forget(owner: FolderOwner): void {
    this.#left.delete(folderName(owner));
  }

  /** Resolves when everything was moved that had to be, and is where it belongs durably. */
  async settle(): Promise<void> {
    for (const left of this.#left.values()) this.#move(left);
    while (this.#isUnsynced) {
      this.#isUnsynced = false;
      try {
        await this.#store.syncPlaced();
        await syncStaging(this.#checkpointsDir);
      } catch (error) {
        this.#isUnsynced = true;
        throw error;
      }
    }
  }

  /** After the replay: makes durable what it moved, and removes what was staged and never recorded. */
  async begin(): Promise<void> {
    try {
      await this.settle();
      await this.#store.removeStaged();
      await removeAllStaged(this.#checkpointsDir);
    } catch (err) {
      this.#log.warn({ err }, "What was staged for new sessions could not be put in its place");
    }
  }

  #move({ owner, token }: Left): void {
    // Either may be there already: what is not staged any more was moved before.
    this.#store.place(owner, token);
    placeStaged(this.#checkpointsDir, token, checkpointFolderName(owner));
    this.#left.delete(folderName(owner));
    // Also where it was there already: an earlier daemon may have ended before that was durable.
    this.#isUnsynced = true;
  }
}
