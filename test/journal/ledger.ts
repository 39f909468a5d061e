import type { Journal } from "../../src/journal/index.js";
import { turn, until } from "./support.js";

const BODY = { at: 1, up: 2 };

/** What the callers of a journal know, and what must be found after a crash. */
export class Ledger {
  /** Texts in the order in which they were decided; refused ones are taken out again. */
  readonly decided: string[];
  readonly acknowledged: string[];
  readonly refused: string[] = [];
  #count = 0;

  constructor(known: readonly string[] = []) {
    this.decided = [...known];
    this.acknowledged = [...known];
  }

  append(journal: Journal, events = 1): void {
    const texts = Array.from({ length: events }, () => `event ${this.decided.length} ${this.#count++}`);
    this.decided.push(...texts);
    journal.append({ ...BODY, events: texts }, (error) => {
      if (error === undefined) this.acknowledged.push(...texts);
      else {
        this.refused.push(...texts);
        for (const text of texts) this.decided.splice(this.decided.indexOf(text), 1);
      }
    });
  }

  /**
   * What is wrong with a state that was found: it must hold all that was acknowledged and nothing that was
   * refused, in the order of deciding. Undefined if it is right.
   */
  problem(found: readonly string[]): string | undefined {
    if (found.some((text, index) => text !== this.decided[index])) return `not a prefix: ${found.join()}`;
    if (found.length < this.acknowledged.length)
      return `lost: ${this.acknowledged.slice(found.length).join()}`;
    const returned = this.refused.filter((text) => found.includes(text));
    return returned.length > 0 ? `back from the dead: ${returned.join()}` : undefined;
  }
}

/** Two or three appends a turn, a snapshot now and then. Ends early when the journal has failed. */
export async function work(journal: Journal, ledger: Ledger, turns: number): Promise<void> {
  for (let i = 0; i < turns && journal.health.state !== "failed"; i++) {
    ledger.append(journal);
    ledger.append(journal, 2);
    if (i % 3 === 0) ledger.append(journal);
    await turn();
    if (i % 2 === 1)
      await until(() => journal.head === journal.committed || journal.health.state === "failed");
    if (i % 8 === 5 && journal.health.state === "ok") {
      // Its own failures concern nobody else.
      await journal.snapshot(ledger.decided.slice(0, journal.committed)).catch(() => undefined);
    }
  }
  await until(() => journal.head === journal.committed || journal.health.state === "failed");
}
