import { setImmediate as turn } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { processBatch } from "../../client/batch.js";

describe("processBatch", () => {
  it("S0.9 goes on when an item fails, and says which and why", async () => {
    const error = new Error("odd");
    const result = await processBatch([1, 2, 3, 4], (item) => {
      if (item % 2 === 1) throw error;
      return item * 10;
    });
    expect(result).toEqual({
      succeeded: 2,
      failed: [
        { index: 0, error },
        { index: 2, error },
      ],
      results: [undefined, 20, undefined, 40],
    });
  });

  it("S0.9 does every item once, at most so many at a time, and tells its progress", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        async (items, concurrency) => {
          const begun: number[] = [];
          const progress: number[] = [];
          let running = 0;
          const result = await processBatch(
            items,
            async (isGood, index) => {
              begun.push(index);
              running += 1;
              expect(running).toBeLessThanOrEqual(concurrency);
              if (index % 3 === 0) await turn();
              running -= 1;
              if (!isGood) throw new Error(`${index}`);
              return index;
            },
            {
              concurrency,
              onProgress: ({ total, done, succeeded, failed }) => {
                expect([total, done]).toEqual([items.length, succeeded + failed]);
                progress.push(done);
              },
            },
          );
          expect(begun).toEqual(items.map((_, index) => index));
          expect(progress).toEqual(items.map((_, index) => index + 1));
          expect(result.succeeded).toBe(items.filter((isGood) => isGood).length);
          expect(result.results).toEqual(items.map((isGood, index) => (isGood ? index : undefined)));
          expect(result.failed.map(({ index }) => index)).toEqual(
            items.flatMap((isGood, index) => (isGood ? [] : [index])),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it("S0.9 outlives whoever watches, ends early when it is told to, and refuses a senseless concurrency", async () => {
    const abort = new AbortController();
    const result = await processBatch(
      new Set(["a", "b", "c"]),
      (item) => {
        if (item === "b") abort.abort();
        return item;
      },
      {
        signal: abort.signal,
        onProgress: () => {
          throw new Error("of the watcher's own");
        },
      },
    );
    expect(result).toEqual({ succeeded: 2, failed: [], results: ["a", "b", undefined] });
    for (const concurrency of [0, 1.5, Number.NaN]) {
      await expect(processBatch([1], () => 1, { concurrency })).rejects.toThrow(RangeError);
    }
  });
});
