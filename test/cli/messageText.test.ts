import { describe, expect, it } from "vitest";

import { messageText } from "../../src/cli/messageText.js";

describe("what a message says", () => {
  it("is its text", () => {
    expect(messageText("as it is\n")).toBe("as it is\n");
    expect(
      messageText([
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ]),
    ).toBe("a\nb");
    expect(messageText([])).toBe("");
  });

  it("names blocks that are not just text", () => {
    expect(
      messageText([
        { type: "thinking", thinking: "hm" },
        { type: "tool_use", id: "t1", name: "grep", input: { q: 1 } },
        { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "found" }] },
        { type: "tool_result", tool_use_id: "t2", content: ["a", 1] },
      ]).split("\n"),
    ).toEqual([
      "[thinking] hm",
      '[tool_use grep] {"q":1}',
      "[tool_result t1] found",
      '[tool_result t2] ["a",1]',
    ]);
  });

  it("shows what it does not know as it is", () => {
    expect(messageText([{ a: 1 }])).toBe('[block] {"a":1}');
    expect(messageText([{ type: "image", source: { kind: "x" } }])).toBe(
      '[image] {"type":"image","source":{"kind":"x"}}',
    );
    expect(messageText([{ type: "text", text: 5 }])).toBe("[text] 5");
  });
});
