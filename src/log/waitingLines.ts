import { logName, type LogOwner } from "./sessionLogPlaces.js";

/** Lines of one log that is not open yet. */
export interface Waiting {
  readonly owner: LogOwner;
  readonly lines: string[];
  length: number;
}

/** Lines that wait until their logs are open; no more than so many characters in all. */
export class WaitingLines {
  readonly #byName = new Map<string, Waiting>();
  readonly #longest: number;
  #length = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  /** How many logs have lines that wait. */
  get size(): number {
    return this.#byName.size;
  }

  /** Takes a line, or answers false where there is no room. */
  put(owner: LogOwner, line: string): boolean {
    if (this.#length + line.length > this.#longest) return false;
    const name = logName(owner);
    const waiting = this.#byName.get(name) ?? { owner, lines: [], length: 0 };
    waiting.lines.push(line);
    waiting.length += line.length;
    this.#length += line.length;
    this.#byName.set(name, waiting);
    return true;
  }

  get(name: string): Waiting | undefined {
    return this.#byName.get(name);
  }

  /** What has waited longest. */
  first(): Waiting | undefined {
    return this.#byName.values().next().value;
  }

  forget(name: string): void {
    this.#length -= this.#byName.get(name)?.length ?? 0;
    this.#byName.delete(name);
  }
}
