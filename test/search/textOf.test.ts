import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { MARKS, textOf, textOfContent } from "../../src/search/textOf.js";

describe("the text of a message", () => {
  it("is a string itself", () => {
    expect(textOfContent("hello")).toBe("hello");
  });

  it.each<[string, object, string]>([
    ["text", { type: "text", text: "a", id: "no" }, "a"],
    ["a thought", { type: "thinking", thinking: "a", signature: "no" }, "a"],
    [
      "a tool's call",
      { type: "tool_use", id: "no", name: "grep", input: { pattern: "x", deep: ["y", 1] } },
      "grep\nx\ny",
    ],
    ["a tool's result", { type: "tool_result", tool_use_id: "no", content: "a" }, "a"],
    [
      "a result in blocks",
      {
        type: "tool_result",
        content: [
          { type: "text", text: "a" },
          { type: "image", alt: "no" },
        ],
      },
      "a",
    ],
    ["an image", { type: "image", source: { type: "url", url: "no" } }, ""],
    ["a document of text", { type: "document", title: "t", source: { type: "text", data: "a" } }, "t\na"],
    [
      "one of blocks",
      { type: "document", source: { type: "content", content: [{ type: "text", text: "a" }] } },
      "a",
    ],
    ["one of bytes", { type: "document", title: "t", source: { type: "base64", data: "no" } }, "t"],
    ["one without a source", { type: "document", title: "t", source: null }, "t"],
    ["another tool's call", { type: "function_call", name: "f", arguments: '{"a":1}' }, 'f\n{"a":1}'],
    ["an unknown block", { type: "new", body: { text: "a" } }, "a"],
    ["a block without a type", { text: "a" }, "a"],
    ["a type from the prototype", { type: "constructor", text: "a" }, "a"],
  ])("of %s", (_, block, text) => {
    expect(textOfContent([block])).toBe(text);
  });

  it("has one line for each part", () => {
    expect(textOfContent([{ type: "text", text: "a" }, "b", ["c"], 1, null])).toBe("a\nb\nc");
  });
});

describe("all text in a value", () => {
  it("leaves bytes out that stand there as letters, and long words in", () => {
    expect(textOf(["x", "A".repeat(600), "y".repeat(500), "語".repeat(600)])).toBe(
      `x\n${"y".repeat(500)}\n${"語".repeat(600)}`,
    );
  });

  it("has no character that marks a hit", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, text) => {
        const found = textOf([value, `${MARKS.begin}${text}${MARKS.end}\0`]);
        for (const mark of [MARKS.begin, MARKS.end, "\0"]) expect(found).not.toContain(mark);
      }),
    );
  });
});
