/** How many things refer to each text: looked up at once, however many things there are. */
export class References {
  readonly #counts = new Map<string, number>();

  has(text: string): boolean {
    return this.#counts.has(text);
  }

  /** One thing refers to `after` instead of `before`; undefined is to nothing. */
  move(before: string | undefined, after: string | undefined): void {
    if (before === after) return;
    this.#add(before, -1);
    this.#add(after, 1);
  }

  clear(): void {
    this.#counts.clear();
  }

  #add(text: string | undefined, change: number): void {
    if (text === undefined) return;
    const count = (this.#counts.get(text) ?? 0) + change;
    if (count === 0) this.#counts.delete(text);
    else this.#counts.set(text, count);
  }
}
