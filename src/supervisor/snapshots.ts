import { setTimeout as pause } from "node:timers/promises";

import type { Journal } from "../journal/index.js";
import type { Archiver } from "./archiver.js";
import type { ContentHold } from "./contentHold.js";
import type { InvocationLinks } from "./invocationLinks.js";
import type { SupervisorLog } from "./options.js";
import type { Recoverable } from "./recover.js";
import { snapshotEntries } from "./snapshot.js";

interface SnapshotParts extends Recoverable {
  readonly journal: Journal;
  readonly hold: Pick<ContentHold, "isBusy" | "isSettled">;
  readonly links: Pick<InvocationLinks, "isBusy">;
  readonly archiver: Pick<Archiver, "isBringingBack">;
  readonly log: Pick<SupervisorLog, "info" | "warn">;
}

/**
 * How long a snapshot waits until bodies and checkpoints are saved, which it has to hold otherwise. No longer: behind a
 * slow disk, or in a daemon that is killed again and again, there would never be one, and ever more to replay.
 */
const SAVE_PATIENCE_MS = 500;
/** How long a stop writes its snapshot: somebody waits for the end of the daemon. */
const STOP_PATIENCE_MS = 300;

/** Writes the whole state, when everything that the journal behind it would still be needed for is done. */
export class Snapshots {
  readonly #parts: SnapshotParts;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
  }

  /**
   * Whether one is worth its cost. None is taken while content is held, linked to or brought back from the archive: what
   * is to be done then has to be in the journal behind the last snapshot, so that the next start does it if this daemon
   * does not come to it.
   */
  get areNeeded(): boolean {
    return !this.#isContentBusy && this.#parts.journal.needsSnapshot();
  }

  /**
   * Writes one. Bodies are saved before, for a while; those that are not by then are in it. What new sessions brought along is in its place
   * before, or none is written; nor where content has come to be held meanwhile.
   */
  async write(): Promise<void> {
    const { placements, journal } = this.#parts;
    const saved = new AbortController();
    const patience = pause(SAVE_PATIENCE_MS, undefined, { ref: false, signal: saved.signal });
    await Promise.race([this.#save(), patience]);
    saved.abort();
    // Once more where another one was moved meanwhile: from the look to the snapshot no turn may pass.
    while (!placements.isSettled) await placements.settle();
    if (!this.#isContentBusy) await journal.snapshot(snapshotEntries(this.#parts));
  }

  /**
   * At a stop, when all else is closed: writes one where it spares the next start more than a little, and is soon done.
   * It is given up after a while, and where anything is left to save, or for the next start to find in the journal, none is written.
   * Never rejects: the journal has all of it.
   */
  async writeAtStop(): Promise<void> {
    const { bodies, hold, placements, journal, log } = this.#parts;
    const isDone = bodies.areSaved && placements.isSettled && hold.isSettled && !this.#isContentBusy;
    if (!isDone || !journal.isWorthSnapshotAtStop) return;
    const signal = AbortSignal.timeout(STOP_PATIENCE_MS);
    await journal.snapshot(snapshotEntries(this.#parts), signal).catch((err: unknown) => {
      log.info(
        { err, event: "snapshot.given_up" },
        "The stop took no snapshot; the next start reads the journal",
      );
    });
  }

  async #save(): Promise<void> {
    const { bodies, checkpoints, log } = this.#parts;
    await bodies.save(Number.POSITIVE_INFINITY, SAVE_PATIENCE_MS).catch((err: unknown) => {
      log.warn({ err }, "Bodies could not be saved; the snapshot has them");
    });
    await checkpoints.saveDue();
  }

  get #isContentBusy(): boolean {
    const { hold, links, archiver } = this.#parts;
    return hold.isBusy || links.isBusy || archiver.isBringingBack;
  }
}
