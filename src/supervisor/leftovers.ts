import { removeContent, withContent } from "../content/outputFolder.js";
import type { FolderOwner } from "../content/places.js";
import type { ContentHold } from "./contentHold.js";
import type { SupervisorLog, SupervisorOptions } from "./options.js";

interface LeftoverParts {
  readonly contentDir: string;
  readonly hold: ContentHold;
  readonly sessionLogs?: SupervisorOptions["sessionLogs"];
  readonly log: Pick<SupervisorLog, "warn">;
}

/**
 * Removes what deleted sessions left behind because the earlier daemon ended before it came to that. In the
 * background, and no failure holds anything up: as long as the deletion is in the journal, the next start tries again.
 */
export class Leftovers {
  readonly #parts: LeftoverParts;
  #isClosing = false;
  #done: Promise<void> = Promise.resolve();

  constructor(parts: LeftoverParts) {
    this.#parts = parts;
  }

  /** @param deleted the sessions that the replay saw deleted */
  begin(deleted: readonly FolderOwner[]): void {
    this.#done = this.#removeAll(deleted).catch((err: unknown) => {
      this.#parts.hold.leave();
      this.#parts.log.warn({ err }, "The folder of what sessions keep could not be looked at");
    });
  }

  /** Begins no further removal; resolves when none is under way. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#done;
  }

  async #removeAll(deleted: readonly FolderOwner[]): Promise<void> {
    const { contentDir, hold, sessionLogs } = this.#parts;
    await hold.removal(() => sessionLogs?.removeLeft(deleted) ?? Promise.resolve());
    const left = await withContent(contentDir, deleted);
    await hold.clear(left.map((owner) => () => this.#remove(owner)));
  }

  async #remove(owner: FolderOwner): Promise<void> {
    const { contentDir, hold, log } = this.#parts;
    if (this.#isClosing) return hold.leave();
    try {
      await removeContent(contentDir, owner);
    } catch (err) {
      hold.leave();
      const { sessionId } = owner;
      log.warn({ err, sessionId }, "The content of a deleted session cannot be removed");
    }
  }
}
