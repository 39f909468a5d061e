import type { Refusal } from "../protocol/errors.js";

/** The finished text of an answer, without a newline; undefined where there is nothing to answer. */
export type Answer = string | undefined;

/** What becomes of the members of one batch. None of it throws, and no promise rejects. */
export interface BatchWays {
  /** Carries a member out. */
  readonly begin: (member: unknown) => Answer | Promise<Answer>;
  /** Answers a member with this refusal, and calls nothing. */
  readonly refuse: (member: unknown, refusal: Refusal) => Answer;
  /** Makes one answer of all. */
  readonly join: (answers: readonly Answer[]) => Answer;
  /** What the answer may grow to. */
  readonly queueBytes: number;
}

/** Members that wait for their answers at once: how long those will be is not known before they are there. */
const OPEN_MEMBERS = 16;

/** An answer that is longer than the refusal in its place by no more than this is kept: a refusal says more than nothing. */
const SPARED_LENGTH = 1_024;

/**
 * One batch on its way. Its members are begun in order, and those that wait are bounded in number, so that what they
 * answer is counted while there is still something to hold back. Once the answers outgrew the bound, the members that
 * were not begun are refused, and of those that were the answer is left out.
 */
export class Batch {
  readonly #members: readonly unknown[];
  readonly #ways: BatchWays;
  readonly #answers: Answer[] = [];
  #next = 0;
  #open = 0;
  #length = 0;
  #finish: (answer: Answer) => void = () => undefined;

  constructor(members: readonly unknown[], ways: BatchWays) {
    this.#members = members;
    this.#ways = ways;
  }

  /** The members that are not answered yet. */
  get open(): number {
    return this.#open + this.#members.length - this.#next;
  }

  /** Answers all of them, at once where none of them waits. Never throws or rejects. */
  run(): Answer | Promise<Answer> {
    this.#begin();
    if (this.open === 0) return this.#ways.join(this.#answers);
    return new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  #begin(): void {
    const { begin, refuse, queueBytes } = this.#ways;
    while (this.#next < this.#members.length && this.#open < OPEN_MEMBERS) {
      const place = this.#next++;
      const member = this.#members[place];
      const answer = this.#isFull ? refuse(member, notBegun(queueBytes)) : begin(member);
      if (!(answer instanceof Promise)) {
        this.#keep(place, answer);
        continue;
      }
      this.#open += 1;
      void answer.then((text) => this.#settle(place, text));
    }
  }

  #settle(place: number, text: Answer): void {
    this.#open -= 1;
    this.#keep(place, text === undefined || !this.#isFull ? text : this.#shortened(place, text));
    this.#begin();
    if (this.open === 0) this.#finish(this.#ways.join(this.#answers));
  }

  #shortened(place: number, text: string): Answer {
    const { refuse, queueBytes } = this.#ways;
    const refusal = refuse(this.#members[place], leftOut(queueBytes));
    return text.length <= (refusal?.length ?? 0) + SPARED_LENGTH ? text : refusal;
  }

  #keep(place: number, answer: Answer): void {
    this.#answers[place] = answer;
    this.#length += answer?.length ?? 0;
  }

  get #isFull(): boolean {
    return this.#length > this.#ways.queueBytes;
  }
}

function notBegun(queueBytes: number): Refusal {
  return {
    type: "limit_reached",
    message: `The answers of this batch outgrew ${queueBytes} bytes; this request was not carried out.`,
    hint: "Send it again, in a batch of its own.",
    details: { limit: "queueBytes" },
  };
}

function leftOut(queueBytes: number): Refusal {
  return {
    type: "limit_reached",
    message: `The answers of this batch outgrew ${queueBytes} bytes; this request was carried out, and its answer is left out.`,
    hint: "Read it again in a batch of its own; a write that had a key is answered again, and not done again.",
    details: { limit: "queueBytes" },
  };
}
