import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { textWidth } from "../../src/cli/textWidth.js";
import { wrapped } from "../../src/cli/wrapped.js";

const lines = (text: string, width: number): string[] => [...wrapped(text, width)];

describe("a text that is broken into lines", () => {
  it("is broken at blanks, and keeps its own line ends", () => {
    expect(lines("one two three\n\nfour", 8)).toEqual(["one two", "three", "", "four"]);
    expect(lines("one two", 7)).toEqual(["one two"]);
    expect(lines("", 8)).toEqual([""]);
  });

  it("is broken within a word where there is no blank, never within a character", () => {
    expect(lines("abcdefghij", 4)).toEqual(["abcd", "efgh", "ij"]);
    expect(lines("abcde", 4)).toEqual(["abcd", "e"]);
    expect(lines("漢字漢字", 5)).toEqual(["漢字", "漢字"]);
    expect(lines("a😀😀b", 4)).toEqual(["a😀", "😀b"]);
  });

  it("keeps the indent of a line, which is none by itself", () => {
    expect(lines("    abcdefgh ij", 8)).toEqual(["    abcd", "efgh ij"]);
  });

  it("has every character but blanks in its order, in lines that fit", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "\n", "漢", "e\u0301"), maxLength: 200 });
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 20 }), (given, width) => {
        const made = lines(given, width);
        expect(made.join("").replaceAll(/\s/g, "")).toBe(given.replaceAll(/\s/g, ""));
        for (const line of made) expect(textWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });

  it("ends, and is cheap to begin, however long the text is", () => {
    const [first] = wrapped("x".repeat(10_000_000), 10);
    expect(first).toBe("x".repeat(10));
    expect(lines("\u0301".repeat(100), 3).join("")).toHaveLength(100);
  });
});
