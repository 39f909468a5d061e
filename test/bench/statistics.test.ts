import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { judge, median, quantile, summarize } from "./statistics.mjs";

describe("the median", () => {
  it("is the one in the middle, or the mean of the two", () => {
    expect(median([3])).toBe(3);
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 2, 4, 100])).toBe(7);
  });

  it("is not that of nothing", () => {
    expect(() => median([])).toThrow("no median of nothing");
  });

  it("has as many values below it as above, whatever their order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
        expect(median(values.toReversed())).toBe(middle);
      }),
    );
  });
});

describe("the summary of a part", () => {
  const figure = { row: "64", unit: "/s" };

  it("has the medians of each peer, and holds the goals against them", () => {
    const own = { ...figure, peer: "sessiond", goals: [{ against: "redis", atLeast: 0.5 }, { atMost: 10 }] };
    const rows = summarize([
      { ...own, value: 10, p99Us: 3 },
      { ...figure, peer: "redis", value: 40 },
      { ...own, value: 30, p99Us: 1 },
      { ...figure, peer: "redis", value: 50 },
      { ...own, value: 20, p99Us: 2 },
      { row: "1", unit: "/s", peer: "redis", value: 7 },
    ]);
    expect(rows).toEqual([
      {
        row: "64",
        unit: "/s",
        cells: { sessiond: { value: 20, p99Us: 2, measured: 3 }, redis: { value: 45, measured: 2 } },
        goals: [
          { against: "redis", atLeast: 0.5, value: 20 / 45, isMet: false },
          { atMost: 10, value: 20, isMet: false },
        ],
      },
      { row: "1", unit: "/s", cells: { redis: { value: 7, measured: 1 } }, goals: [] },
    ]);
  });

  it("is empty where nothing was measured", () => {
    expect(summarize([])).toEqual([]);
  });
});

describe("a goal", () => {
  const cells = {
    sessiond: { value: 90, p99Us: 400, measured: 1 },
    redis: { value: 100, p99Us: 200, measured: 1 },
  };

  it("is met at its bound and missed beyond it", () => {
    expect(judge({ against: "redis", atLeast: 0.9 }, cells).isMet).toBe(true);
    expect(judge({ against: "redis", atLeast: 0.91 }, cells).isMet).toBe(false);
    expect(judge({ atMost: 90 }, cells).isMet).toBe(true);
    expect(judge({ atMost: 89 }, cells).isMet).toBe(false);
    expect(judge({ against: "redis", figure: "p99Us", atMost: 2 }, cells)).toMatchObject({
      value: 2,
      isMet: true,
    });
  });

  it("is neither where the other one was not measured", () => {
    const goal = { against: "bare", atLeast: 1 };
    expect(judge(goal, cells)).toEqual(goal);
    expect(judge({ atMost: 1 }, {})).toEqual({ atMost: 1 });
  });
});

describe("a quantile", () => {
  it("is a value that was measured, and that so large a share does not exceed", () => {
    expect(quantile([3, 1, 2, 4], 0.5)).toBe(2);
    expect(quantile([3, 1, 2, 4], 0.99)).toBe(4);
    expect(quantile([7], 0)).toBe(7);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});
