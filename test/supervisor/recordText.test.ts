import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Json } from "../../src/protocol/json.js";
import { decide } from "../../src/session/decide.js";
import type { Event } from "../../src/session/events.js";
import type { KeyEntry } from "../../src/supervisor/keys.js";
import { recordText } from "../../src/supervisor/recordText.js";
import { commandOf, steps } from "../session/commandSequences.js";
import { Model } from "../session/model.js";
import { BOUNDS } from "../session/samples.js";

/** Quotes, controls, lone halves of pairs, and what JavaScript once took for the end of a line. */
const oddText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom('"', "\\", "\n", "\0", "\u007F", "\u2028", "\uD800", "\uDFFF", "ä", "a", "/"),
  }),
);

const key = fc.option(
  fc.record(
    {
      k: oddText,
      m: oddText,
      d: fc.oneof(fc.integer(), fc.constantFrom(0, -0, -(2 ** 31), 2 ** 32 - 1)),
      a: fc.option(fc.dictionary(oddText, fc.jsonValue()), { nil: undefined }),
    },
    { requiredKeys: ["k", "m", "d"] },
  ),
  { nil: undefined },
);

/** Also what JSON leaves out or asks for another form of itself. */
const value = fc.oneof(
  oddText,
  fc.jsonValue(),
  fc.constantFrom(undefined, [undefined], { a: undefined, b: 1 }, new Date(0), { toJSON: () => "other" }),
);

const event = fc.record({
  type: fc.oneof(fc.constant("metadata/set"), oddText),
  sessionId: oddText,
  data: fc.oneof(
    fc.record({ key: oddText, value }),
    fc.dictionary(oddText, value),
    fc.constant({ toJSON: () => ({ other: 1 }) }),
  ),
}) as fc.Arbitrary<unknown> as fc.Arbitrary<Event>;

function asStringify(given: KeyEntry | undefined, events: readonly Event[]): string {
  return JSON.stringify({ key: given, events }).slice(1);
}

describe("the text of a record", () => {
  it("is that of JSON.stringify, byte for byte, whatever is in it", () => {
    fc.assert(
      fc.property(key, fc.array(event, { minLength: 1, maxLength: 3 }), (given, events) => {
        expect(recordText(given, events)).toBe(asStringify(given, events));
      }),
      { numRuns: 1_000 },
    );
  });

  it("leaves nothing out of any event that is decided", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const model = new Model();
        let seq = 0;
        for (const step of list) {
          const decision = decide(model, commandOf(step, model), { at: 1_000 }, BOUNDS);
          if ("refusal" in decision || decision.events.length === 0) continue;
          expect(recordText(undefined, decision.events)).toBe(asStringify(undefined, decision.events));
          for (const one of decision.events)
            model.apply({ event: one, stamp: { seq: ++seq, at: 1_000, up: 1 } });
        }
      }),
    );
  });

  it("has events that belong to no session", () => {
    const events: Event[] = [{ type: "template/deleted", data: { templateId: "t" } }];
    expect(recordText(undefined, events)).toBe(asStringify(undefined, events));
  });

  it.each<Json>(["plain", 'a "quoted" one', 1.5, true, null, [1, "a"], { a: { b: "c" } }])(
    "sets %j",
    (json) => {
      const events: Event[] = [{ type: "metadata/set", sessionId: "s", data: { key: "k", value: json } }];
      const entry = { k: "key", m: "metadata/set", d: -7 };
      expect(recordText(entry, events)).toBe(asStringify(entry, events));
    },
  );
});
