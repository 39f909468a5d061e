import type { CommittedView } from "../layered.js";
import type { Session } from "../../session/state.js";

/**
 * Which sessions have changed since their files were written, and when each is due. What a change costs on the way
 * of a write is one entry of a set; when it is due is worked out at the next look.
 */
export class DueSessions {
  readonly #fresh = new Set<string>();
  readonly #due = new Map<string, number>();
  #lastLookUpMs: number;

  constructor(upMs: number) {
    this.#lastLookUpMs = upMs;
  }

  get size(): number {
    return this.#fresh.size + this.#due.size;
  }

  /** A session has changed. */
  add(sessionId: string): void {
    this.#fresh.add(sessionId);
  }

  /** A session is to be written at that up-time, at the latest. */
  addAt(sessionId: string, upMs: number): void {
    this.#due.set(sessionId, Math.min(upMs, this.#due.get(sessionId) ?? upMs));
  }

  /** Takes out those that are due; all of them where `upMs` is infinite. */
  take(upMs: number, sessions: CommittedView<Session>): string[] {
    // A change may have come right after the last look, so its time counts from there.
    const sinceUpMs = this.#lastLookUpMs;
    for (const sessionId of this.#fresh) {
      const session = sessions.get(sessionId);
      // What was deleted goes at once, and so does what was archived: nobody changes it any more.
      const isLasting = session === undefined || session.archivedAt !== undefined;
      this.addAt(sessionId, sinceUpMs + (isLasting ? 0 : session.config.autoSaveIntervalMs));
    }
    this.#fresh.clear();
    if (Number.isFinite(upMs)) this.#lastLookUpMs = upMs;
    const taken: string[] = [];
    for (const [sessionId, dueUpMs] of this.#due) if (dueUpMs <= upMs) taken.push(sessionId);
    for (const sessionId of taken) this.#due.delete(sessionId);
    return taken;
  }
}
