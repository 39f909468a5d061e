import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { z } from "zod";

import { faultOfJson, json, jsonObject } from "../../src/protocol/json.js";
import { LIMITS } from "../../src/protocol/limits.js";

/** The same shape without its type, which is recursive: the compiler would look for its end. */
const plain: z.ZodType = json;

/** Arrays in arrays, so many deep. */
function nested(depth: number): unknown {
  return JSON.parse("[".repeat(depth) + "]".repeat(depth));
}

describe("faultOfJson", () => {
  it("allows so many levels, and not one more", () => {
    expect(faultOfJson(nested(LIMITS.nestingDepth))).toBeUndefined();
    expect(faultOfJson(nested(LIMITS.nestingDepth + 1))).toBe("is nested deeper than 64 levels");
    expect(faultOfJson({ a: { b: 1 } }, 2)).toBeUndefined();
    expect(faultOfJson({ a: { b: {} } }, 2)).toBe("is nested deeper than 2 levels");
  });

  it("looks at a value that is too deep to be written without overflowing", () => {
    const deep = nested(1_000_000);
    expect(() => JSON.stringify(deep)).toThrow(RangeError);
    expect(faultOfJson(deep)).toBe("is nested deeper than 64 levels");
    expect(faultOfJson(deep, 2_000_000)).toBeUndefined();
  });

  it("finds a planted prototype at any level", () => {
    for (const text of ['{"__proto__":1}', '[[{"a":{"__proto__":{}}}]]']) {
      expect(faultOfJson(JSON.parse(text))).toBe('has a key "__proto__", which is not allowed');
    }
    expect(faultOfJson(JSON.parse('["__proto__",{"constructor":1}]'))).toBeUndefined();
  });

  it("finds nothing wrong with any plain value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        fc.pre(!JSON.stringify(value).includes("__proto__"));
        expect(faultOfJson(value)).toBeUndefined();
      }),
    );
  });
});

describe("the shapes of JSON", () => {
  it("take every value, and answer it as it is", () => {
    for (const value of [null, 0, "", false, [], {}, { a: [1] }]) {
      expect(plain.parse(value)).toBe(value);
    }
  });

  it("say what is wrong", () => {
    const message = (shape: z.ZodType, value: unknown) => shape.safeParse(value).error?.issues[0]?.message;
    expect(message(json, undefined)).toBe("the value is missing");
    expect(message(json, nested(65))).toBe("the value is nested deeper than 64 levels");
    expect(message(jsonObject, { a: nested(64) })).toBe("the object is nested deeper than 64 levels");
    expect(message(jsonObject, JSON.parse('{"__proto__":1}'))).toBe(
      'the object has a key "__proto__", which is not allowed',
    );
  });

  it("take only objects where an object is wanted", () => {
    expect(jsonObject.parse({ a: 1 })).toEqual({ a: 1 });
    for (const value of [null, [], "x", 1, undefined])
      expect(jsonObject.safeParse(value).success).toBe(false);
  });
});
