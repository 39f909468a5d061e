import { describe, expect, it } from "vitest";

import { hasColor, paintOf } from "../../src/cli/paint.js";

const wish = { wanted: true, isTerminal: true, env: {} };

describe("hasColor", () => {
  it("wants a terminal that can show them, and nobody who refuses", () => {
    expect(hasColor(wish)).toBe(true);
    expect(hasColor({ ...wish, env: { NO_COLOR: "" } })).toBe(true);
    expect(hasColor({ ...wish, env: { NO_COLOR: "1" } })).toBe(false);
    expect(hasColor({ ...wish, env: { TERM: "dumb" } })).toBe(false);
    expect(hasColor({ ...wish, isTerminal: false })).toBe(false);
    expect(hasColor({ ...wish, wanted: false })).toBe(false);
  });
});

describe("paintOf", () => {
  it("colours, whatever the stdout of this process is", () => {
    expect(paintOf(wish)("red", "x")).toBe("\u001B[31mx\u001B[39m");
    expect(paintOf(wish)("red", "")).toBe("");
    expect(paintOf({ ...wish, isTerminal: false })("red", "x")).toBe("x");
  });
});
