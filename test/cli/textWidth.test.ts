import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { cut, printable, textWidth } from "../../src/cli/textWidth.js";

describe("textWidth", () => {
  it("counts what a terminal shows", () => {
    expect(textWidth("plain")).toBe(5);
    expect(textWidth("日本")).toBe(4);
    expect(textWidth("e\u0301")).toBe(1);
    expect(textWidth("👩‍👩‍👧")).toBe(2);
    expect(textWidth("…")).toBe(1);
    expect(textWidth("")).toBe(0);
  });
});

describe("cut", () => {
  it("leaves alone what fits and ends the rest in an ellipsis", () => {
    expect(cut("abc", 3)).toBe("abc");
    expect(cut("abcd", 3)).toBe("ab…");
    expect(cut("日本語", 4)).toBe("日…");
    expect(cut("日本語", 5)).toBe("日本…");
  });

  it("never takes more room than there is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40 }), (text, width) => {
        expect(textWidth(cut(printable(text), width))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe("printable", () => {
  it("lets nothing act on the terminal", () => {
    expect(printable("a\u001B[31mb\u0007\u009Bc\u202Ed")).toBe("a\uFFFD[31mb\uFFFD\uFFFDc\uFFFDd");
    expect(printable("a\nb\tc")).toBe("a b c");
    expect(printable("häßlich 日本 👩")).toBe("häßlich 日本 👩");
  });
});
