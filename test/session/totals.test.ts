import { describe, expect, it } from "vitest";

import { LIMITS } from "../../src/protocol/limits.js";
import { addUsage, NO_TOTALS } from "../../src/session/totals.js";

const usages = (names: readonly string[]) => names.map((tool) => ({ tool }));

describe("addUsage", () => {
  it("adds every figure up", () => {
    const one = addUsage(NO_TOTALS, {
      tool: "grep",
      durationMs: 5,
      inputTokens: 10,
      outputTokens: 20,
      costUsd: 0.5,
    });
    expect(addUsage(one, { tool: "grep", durationMs: 1, outputTokens: 2, costUsd: 0.25 })).toEqual({
      invocations: 2,
      durationMs: 6,
      toolsUsed: { grep: 2 },
      tokenUsage: { input: 10, output: 22 },
      estimatedCostUsd: 0.75,
    });
  });

  it("counts no invocation where no tool is named", () => {
    const totals = addUsage(NO_TOTALS, { inputTokens: 3 });
    expect(totals).toMatchObject({ invocations: 0, toolsUsed: {}, tokenUsage: { input: 3, output: 0 } });
  });

  it("changes nothing without a report", () => {
    expect(addUsage(NO_TOTALS, undefined)).toBe(NO_TOTALS);
    expect(addUsage(NO_TOTALS, {})).toEqual(NO_TOTALS);
  });

  it("tells so many tools apart, and counts the rest as other", () => {
    const names = Array.from({ length: LIMITS.toolNames }, (_, index) => `tool ${index}`);
    const full = usages(names).reduce(addUsage, NO_TOTALS);
    expect(Object.keys(full.toolsUsed)).toEqual(names);

    const over = usages(["late", "later", "tool 0"]).reduce(addUsage, full);
    expect(over.toolsUsed).toEqual({ ...full.toolsUsed, "tool 0": 2, other: 2 });
    expect(over.invocations).toBe(LIMITS.toolNames + 3);
  });

  it("takes names for names, also those that mean something to an object", () => {
    const totals = usages(["__proto__", "constructor", "__proto__"]).reduce(addUsage, NO_TOTALS);
    expect(JSON.stringify(totals.toolsUsed)).toBe('{"__proto__":2,"constructor":1}');
    expect(Object.getPrototypeOf(totals.toolsUsed)).toBe(Object.prototype);
  });
});
