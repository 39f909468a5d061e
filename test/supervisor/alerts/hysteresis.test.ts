import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { look, type Track } from "../../../src/supervisor/alerts/hysteresis.js";

const RULE = { comparison: "above", threshold: 10, resolveThreshold: 5, forMs: 3_000 } as const;

type Rule = Omit<typeof RULE, "comparison" | "threshold" | "resolveThreshold" | "forMs"> & {
  readonly comparison: "above" | "below";
  readonly threshold: number;
  readonly resolveThreshold: number;
  readonly forMs: number;
};

/** What becomes of an alert that is looked at every second. */
function play(rule: Rule, values: readonly (number | undefined)[]): ("fire" | "resolve" | undefined)[] {
  let isOpen = false;
  let track: Track | undefined;
  return values.map((value, second) => {
    const seen = look(rule, isOpen, { value, nowUp: second * 1_000 }, track);
    track = seen.track;
    if (seen.turn !== undefined) isOpen = seen.turn === "fire";
    return seen.turn;
  });
}

const turns = (rule: Rule, values: readonly (number | undefined)[]): string =>
  play(rule, values)
    .map((turn) => turn?.charAt(0) ?? "-")
    .join("");

describe("hysteresis", () => {
  it("fires when it has held for so long, and resolves when it was back for as long", () => {
    expect(turns(RULE, [11, 12, 13, 14, 15, 4, 4, 4, 4, 4])).toBe("---f----r-");
    expect(turns({ ...RULE, forMs: 0 }, [10, 11, 6, 5, 5, 11])).toBe("-f-r-f");
  });

  it("is not moved by what lies between the thresholds, nor by a moment", () => {
    expect(turns(RULE, [11, 11, 11, 9, 11, 11, 11, 11])).toBe("-------f");
    expect(turns(RULE, [11, 11, 11, 11, 6, 9, 6, 4, 4, 6, 4, 4, 4, 4])).toBe("---f---------r");
  });

  it("begins anew where the value was not known", () => {
    expect(turns(RULE, [11, 11, 11, undefined, 11, 11, 11, 11])).toBe("-------f");
  });

  it("looks the other way for what must not fall", () => {
    const below = { ...RULE, comparison: "below", threshold: 5, resolveThreshold: 10, forMs: 0 } as const;
    expect(turns(below, [5, 4, 6, 9, 10, 11, 4])).toBe("-f--r-f");
  });

  it("says so again at each look until the alert is seen to have fired", () => {
    const looks = [0, 1, 2].map((second) =>
      look({ ...RULE, forMs: 0 }, false, { value: 11, nowUp: second }, undefined),
    );
    expect(looks.map(({ turn }) => turn)).toEqual(["fire", "fire", "fire"]);
    const first = look(RULE, false, { value: 11, nowUp: 0 }, undefined);
    const due = look(RULE, false, { value: 11, nowUp: 3_000 }, first.track);
    const late = look(RULE, false, { value: 11, nowUp: 4_000 }, due.track);
    expect([due.turn, late.turn]).toEqual(["fire", "fire"]);
    // What called for the firing does not count for the way back.
    expect(look(RULE, true, { value: 4, nowUp: 5_000 }, late.track)).toEqual({
      turn: undefined,
      track: { isOpen: true, sinceUp: 5_000 },
    });
  });

  it("fires and resolves in turn, each only after the value called for it all the time", () => {
    const rules = fc
      .record({
        comparison: fc.constantFrom("above" as const, "below" as const),
        threshold: fc.integer({ min: 0, max: 6 }),
        gap: fc.integer({ min: 0, max: 4 }),
        forMs: fc.constantFrom(0, 1_000, 2_000, 4_000),
      })
      .map(({ gap, ...rule }): Rule => ({
        ...rule,
        resolveThreshold: rule.comparison === "above" ? rule.threshold - gap : rule.threshold + gap,
      }));
    const values = fc.array(fc.option(fc.integer({ min: -4, max: 10 }), { nil: undefined }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(rules, values, (rule, list) => {
        const isPassed = (value: number): boolean =>
          rule.comparison === "above" ? value > rule.threshold : value < rule.threshold;
        const isBack = (value: number): boolean =>
          rule.comparison === "above" ? value <= rule.resolveThreshold : value >= rule.resolveThreshold;
        const seen = play(rule, list);
        const happened = seen.filter((turn) => turn !== undefined);
        expect(happened).toEqual(happened.map((_, index) => (index % 2 === 0 ? "fire" : "resolve")));
        let changedAt = -1;
        for (const [at, turn] of seen.entries()) {
          const wants = happened.length > 0 && turn === "resolve" ? isBack : isPassed;
          const from = at - rule.forMs / 1_000;
          if (turn === undefined) continue;
          expect(from).toBeGreaterThan(changedAt);
          expect(list.slice(from, at + 1).every((value) => value !== undefined && wants(value))).toBe(true);
          changedAt = at;
        }
      }),
    );
  });
});
