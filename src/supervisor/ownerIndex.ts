/** What one session has of a kind, at head. */
interface Owned {
  /** Oldest first. */
  readonly ids: Set<string>;
  /** How many of them are over. */
  over: number;
}

/** Which things of a kind belong to which session, at head, and how many of them are over. */
export class OwnerIndex {
  readonly #owners = new Map<string, Owned>();

  /** The ids of what a session has, oldest first. */
  idsOf(sessionId: string): Iterable<string> {
    return this.#owners.get(sessionId)?.ids ?? [];
  }

  /** How many things of a session are over. */
  overOf(sessionId: string): number {
    return this.#owners.get(sessionId)?.over ?? 0;
  }

  /** Takes a thing of a session in, at the end. */
  add(sessionId: string, id: string, isOver: boolean): void {
    const owned = this.#owners.get(sessionId) ?? { ids: new Set<string>(), over: 0 };
    owned.ids.add(id);
    owned.over += Number(isOver);
    this.#owners.set(sessionId, owned);
  }

  /** Takes note that a thing of a session has come to its end, or goes on again. */
  turn(sessionId: string, wasOver: boolean, isOver: boolean): void {
    const owned = this.#owners.get(sessionId);
    if (owned !== undefined) owned.over += Number(isOver) - Number(wasOver);
  }

  /** Takes a thing out. */
  remove(sessionId: string, id: string, wasOver: boolean): void {
    const owned = this.#owners.get(sessionId);
    if (owned?.ids.delete(id) !== true) return;
    owned.over -= Number(wasOver);
    if (owned.ids.size === 0) this.#owners.delete(sessionId);
  }

  clear(): void {
    this.#owners.clear();
  }
}
