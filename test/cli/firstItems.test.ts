import * as fc from "fast-check";
import { expect, it } from "vitest";

import { firstItems } from "../../src/cli/firstItems.js";

/** A list of the numbers below `total`, which gives at most `most` at a time; what it was asked for stands in `asked`. */
function listOf(total: number, most: number, asked: number[]) {
  return ({ limit, cursor = "0" }: { readonly limit: number; readonly cursor: string | undefined }) => {
    asked.push(limit);
    const from = Number(cursor);
    const to = Math.min(total, from + Math.min(limit, most));
    const items = Array.from({ length: to - from }, (_, index) => from + index);
    return Promise.resolve({ items, total, ...(to < total ? { nextCursor: String(to) } : {}) });
  };
}

it("gives the first items, however large the pages are, and asks for no more than it wants", async () => {
  const counts = {
    total: fc.nat(40),
    limit: fc.integer({ min: 1, max: 50 }),
    page: fc.integer({ min: 1, max: 9 }),
  };
  await fc.assert(
    fc.asyncProperty(
      fc.record(counts),
      fc.integer({ min: 1, max: 9 }),
      async ({ total, limit, page }, most) => {
        const asked: number[] = [];
        const found = await firstItems(limit, listOf(total, most, asked), page);
        const wanted = Math.min(total, limit);
        expect(found.items).toEqual(Array.from({ length: wanted }, (_, index) => index));
        expect(found.total).toBe(total);
        expect(found.nextCursor === undefined).toBe(wanted === total);
        expect(Math.max(...asked)).toBeLessThanOrEqual(Math.min(page, limit));
      },
    ),
  );
});

it("goes on to the end where there is no limit", async () => {
  const found = await firstItems(Number.POSITIVE_INFINITY, listOf(2_500, 5_000, []));
  expect(found.items).toHaveLength(2_500);
});
