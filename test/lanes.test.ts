import { describe, expect, it } from "vitest";
import { inLanes } from "../src/lanes.js";

describe("inLanes", () => {
  it("works on everything, never on more than its lanes at a time", async () => {
    const done: number[] = [];
    let now = 0;
    let most = 0;
    await inLanes(
      Array.from({ length: 25 }, (_, index) => index),
      3,
      async (item) => {
        now += 1;
        most = Math.max(most, now);
        await new Promise(setImmediate);
        now -= 1;
        done.push(item);
      },
    );
    expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, index) => index));
    expect(most).toBe(3);
  });

  it("begins nothing more after a failure, and reports it", async () => {
    const begun: number[] = [];
    const work = inLanes([1, 2, 3, 4, 5, 6], 2, async (item) => {
      begun.push(item);
      await Promise.resolve();
      if (item === 1) throw new Error("first");
      await new Promise(setImmediate);
    });
    await expect(work).rejects.toThrow("first");
    expect(begun).toEqual([1, 2]);
  });

  it("has nothing to do with nothing", async () => {
    await expect(inLanes([], 4, () => Promise.reject(new Error("called")))).resolves.toBeUndefined();
  });
});
