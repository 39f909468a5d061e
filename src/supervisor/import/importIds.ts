import { freeIdLike } from "../freeId.js";
import type { Registry } from "../registry.js";

/** The ids that one import meets: those in its files, and those that it gives instead. */
export class ImportIds {
  readonly #registry: Pick<Registry, "session">;
  readonly #seen = new Set<string>();

  constructor(registry: Pick<Registry, "session">) {
    this.#registry = registry;
  }

  /** Takes an id down; answers false where it was met before. */
  meet(sessionId: string): boolean {
    if (this.#seen.has(sessionId)) return false;
    this.#seen.add(sessionId);
    return true;
  }

  /** Whether there is a session of that id, durable or not. */
  isTaken(sessionId: string): boolean {
    return this.#registry.session(sessionId) !== undefined;
  }

  /** An id like that one which nobody has, and none of the files: `task-2`. Taken down. */
  freeLike(sessionId: string): string {
    return freeIdLike(sessionId, (candidate) => !this.isTaken(candidate) && this.meet(candidate));
  }
}
