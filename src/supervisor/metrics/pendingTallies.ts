import { type FolderOwner, folderName } from "../../content/places.js";
import type { SessionEvent } from "../../session/events.js";
import type { Session } from "../../session/state.js";
import { addTally, emptyTally, isTallied, type Tally } from "./tally.js";

/** Sessions whose counts wait at once; more than that are not counted until the next round. */
const MOST = 20_000;
/** Sessions that are taken up in one round. */
const PER_ROUND = 200;

/** What was counted since the last round, until it is put to what is on disk: so nothing on the way of a write reads a file. */
export class PendingTallies {
  readonly #waiting = new Map<string, { readonly session: Session; readonly tally: Tally }>();

  /** Whether an event is one that is counted. */
  static counts(event: SessionEvent): boolean {
    return isTallied(event);
  }

  has(owner: FolderOwner): boolean {
    return this.#waiting.has(folderName(owner));
  }

  /** The counts of a session, to be added to. */
  of(session: Session): Tally {
    const name = folderName(session);
    const known = this.#waiting.get(name);
    if (known !== undefined) return known.tally;
    const tally = emptyTally();
    if (this.#waiting.size < MOST) this.#waiting.set(name, { session, tally });
    return tally;
  }

  /** Some of the sessions that have counts waiting, those first that have waited longest. */
  sessions(): readonly Session[] {
    const found: Session[] = [];
    for (const { session } of this.#waiting.values()) {
      if (found.length === PER_ROUND) break;
      found.push(session);
    }
    return found;
  }

  /** Adds what waits to a tally, and keeps nothing of it. */
  moveTo(owner: FolderOwner, tally: Tally): void {
    const name = folderName(owner);
    const known = this.#waiting.get(name);
    if (known !== undefined) addTally(tally, known.tally);
    this.#waiting.delete(name);
  }

  forget(owner: FolderOwner): void {
    this.#waiting.delete(folderName(owner));
  }
}
