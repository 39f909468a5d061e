import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { digestOf } from "../../src/supervisor/digest.js";

const params = fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });

describe("the digest of params", () => {
  it("is the same for the same params, and a small integer", () => {
    fc.assert(
      fc.property(params, (some) => {
        const digest = digestOf(some);
        expect(digestOf(structuredClone(some))).toBe(digest);
        expect(digest | 0).toBe(digest);
      }),
    );
  });

  it("tells others apart", () => {
    fc.assert(
      fc.property(params, params, (some, others) => {
        fc.pre(JSON.stringify(some) !== JSON.stringify(others));
        expect(digestOf(some)).not.toBe(digestOf(others));
      }),
    );
  });

  it.each([
    ["a number and its text", { a: 1 }, { a: "1" }],
    ["nothing and its text", { a: null }, { a: "null" }],
    ["where a text ends", { a: "bc", d: "" }, { a: "b", cd: "" }],
    ["which name has which value", { a: "x", b: "y" }, { a: "y", b: "x" }],
    ["a list and an object", { a: [2] }, { a: { 0: 2 } }],
    ["one letter, beyond ASCII too", { a: "…ä" }, { a: "…å" }],
    ["what is there and what is not", {}, { a: "" }],
    ["an empty text and none", { a: "" }, { a: undefined }],
  ])("tells apart %s", (_, some, others) => {
    expect(digestOf(some)).not.toBe(digestOf(others));
  });

  it("stays as it is, because the journal has it: a call may be repeated to a later version", () => {
    expect(digestOf({ sessionId: "s", key: "k", value: [1, { a: "ä" }], idempotencyKey: "i" })).toBe(
      1_503_879_071,
    );
  });
});
