import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { roughLength } from "../../src/supervisor/roughLength.js";

describe("the rough length of a value", () => {
  it("counts a text as it is, however it is written", () => {
    expect(roughLength("x".repeat(1_000))).toBe(1_002);
    expect(roughLength("\n".repeat(1_000))).toBe(1_002);
  });

  it("is about what JSON takes where nothing is escaped, and never much less", () => {
    const key = fc.stringMatching(/^[a-z]{0,12}$/);
    const value = fc.jsonValue({ stringUnit: fc.constantFrom("a", "b", " ") });
    fc.assert(
      fc.property(fc.dictionary(key, value), (body) => {
        const exact = JSON.stringify(body).length;
        expect(roughLength(body)).toBeGreaterThanOrEqual(exact * 0.3);
        expect(roughLength(body)).toBeLessThanOrEqual(exact * 9);
      }),
    );
  });

  it("counts what JSON leaves out as little", () => {
    expect(roughLength(undefined)).toBe(8);
    expect(roughLength([null, { a: undefined }])).toBeLessThan(40);
  });
});
