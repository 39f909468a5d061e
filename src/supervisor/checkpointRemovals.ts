import { removeCheckpoint, removeCheckpoints, withCheckpoints } from "../content/checkpointFile.js";
import type { FolderOwner } from "../content/places.js";
import type { ContentHold } from "./contentHold.js";
import type { SupervisorLog } from "./options.js";
import type { Serial } from "../serial.js";

/** What is to be removed, and whose folder it lies in. */
interface Removal {
  readonly owner: FolderOwner;
  readonly remove: () => Promise<void>;
}

/** What it takes to remove checkpoints from the disk. */
export interface RemovalParts {
  readonly checkpointsDir: string;
  readonly hold: ContentHold;
  readonly log: Pick<SupervisorLog, "warn">;
}

/** Removes the files of checkpoints that are deleted: those that a replay saw go when the start is over, others at once. */
export class CheckpointRemovals {
  readonly #parts: RemovalParts;
  readonly #writes: Serial;
  /** What the replay saw go; undefined once it is over. */
  #left: Removal[] | undefined = [];
  #clearing: Promise<void> = Promise.resolve();
  #isClosing = false;

  /** @param writes the saves, which removals stand behind: what is removed must not be written again after it */
  constructor(parts: RemovalParts, writes: Serial) {
    this.#parts = parts;
    this.#writes = writes;
  }

  one(owner: FolderOwner, checkpointId: string): void {
    this.#add({ owner, remove: () => removeCheckpoint(this.#parts.checkpointsDir, owner, checkpointId) });
  }

  allOf(owner: FolderOwner): void {
    this.#add({ owner, remove: () => removeCheckpoints(this.#parts.checkpointsDir, owner) });
  }

  /** The replay is over. What it saw go is removed in the background. */
  begin(): void {
    const left = this.#left ?? [];
    this.#left = undefined;
    this.#clearing = this.#clear(left).catch((err: unknown) => {
      this.#parts.hold.leave();
      this.#parts.log.warn({ err }, "The folder of checkpoints could not be looked at");
    });
  }

  /** Begins no further removal of what the replay saw go; resolves when none is under way. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#clearing;
  }

  #add(removal: Removal): void {
    if (this.#left === undefined) void this.#parts.hold.removal(() => this.#take(removal));
    else this.#left.push(removal);
  }

  async #clear(left: readonly Removal[]): Promise<void> {
    const owners = left.map(({ owner }) => owner);
    const there = await withCheckpoints(this.#parts.checkpointsDir, owners);
    const { hold } = this.#parts;
    const take = (removal: Removal) => async (): Promise<void> =>
      this.#isClosing ? hold.leave() : this.#take(removal);
    await hold.clear(left.filter(({ owner }) => there.has(owner)).map(take));
  }

  /** Never rejects. What stays is removed by the next start, if it still finds the deletion in the journal. */
  async #take({ owner: { sessionId }, remove }: Removal): Promise<void> {
    try {
      await this.#writes.run(remove);
    } catch (err) {
      this.#parts.hold.leave();
      this.#parts.log.warn({ err, sessionId }, "A deleted checkpoint cannot be removed from the disk");
    }
  }
}
