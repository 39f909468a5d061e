import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { hiddenRunOf, takenBack } from "../../src/session/conversation.js";
import type { Conversation } from "../../src/session/state.js";

/** The simplest conversation that there is: the indices that can be seen. */
interface Plain {
  readonly seen: readonly number[];
  readonly appended: number;
}

const EMPTY: Conversation = { count: 0, appended: 0, hidden: [] };

function append({ count, appended, hidden }: Conversation, more: number): Conversation {
  return { count: count + more, appended: appended + more, hidden };
}

function appendPlain({ seen, appended }: Plain, more: number): Plain {
  const indices = Array.from({ length: more }, (_, at) => appended + at + 1);
  return { seen: [...seen, ...indices], appended: appended + more };
}

function seenIn({ appended, hidden }: Conversation): number[] {
  const all = Array.from({ length: appended }, (_, at) => at + 1);
  return all.filter((index) => hiddenRunOf(hidden, index) === undefined);
}

describe("a conversation that is taken back", () => {
  it("hides what was said since, and goes on behind it", () => {
    const then = append(EMPTY, 2);
    const back = takenBack(then, append(then, 3));
    expect(back).toEqual({ count: 2, appended: 5, hidden: [[3, 5]] });
    expect(takenBack(back, append(back, 1))).toEqual({ count: 2, appended: 6, hidden: [[3, 6]] });
    expect(takenBack(then, then)).toEqual(then);
  });

  it("shows what stood then, however often it is taken back and that is undone", () => {
    const acts = fc.array(
      fc.oneof(
        fc.record({ append: fc.integer({ min: 1, max: 4 }) }),
        fc.record({ keep: fc.constant(true) }),
        fc.record({ back: fc.nat() }),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(acts, (list) => {
        let now = EMPTY;
        let plain: Plain = { seen: [], appended: 0 };
        const kept: [Conversation, Plain][] = [[now, plain]];
        for (const act of list) {
          if ("append" in act) {
            now = append(now, act.append);
            plain = appendPlain(plain, act.append);
          } else if ("keep" in act) kept.push([now, plain]);
          else {
            const [then, seen] = kept[act.back % kept.length] ?? [now, plain];
            kept.push([now, plain]);
            now = takenBack(then, now);
            plain = { seen: seen.seen, appended: plain.appended };
          }
          expect(seenIn(now)).toEqual(plain.seen);
          expect(now).toMatchObject({ count: plain.seen.length, appended: plain.appended });
          // Between two runs there is a message to be seen, so there are no more runs than those and one.
          expect(now.hidden.length).toBeLessThanOrEqual(plain.seen.length + 1);
        }
      }),
    );
  });
});

describe("the run that a hidden message belongs to", () => {
  it("is found among many, and none for what is seen", () => {
    const hidden = Array.from({ length: 100 }, (_, at) => [at * 10 + 3, at * 10 + 5] as const);
    for (let index = 1; index <= 1_000; index += 1) {
      const inRow = index % 10;
      const base = index - inRow;
      const run = inRow >= 3 && inRow <= 5 ? [base + 3, base + 5] : undefined;
      expect(hiddenRunOf(hidden, index)).toEqual(run);
    }
  });
});
