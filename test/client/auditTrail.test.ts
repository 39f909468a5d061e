import { describe, expect, it } from "vitest";

import { decisionActivity, errorActivity } from "../../client/auditTrail.js";

describe("an error as an activity", () => {
  it("S1.6 has its type as the action, also where it is no Error", () => {
    expect(errorActivity(new RangeError("x"))).toMatchObject({
      kind: "error",
      action: "RangeError",
      details: { error: { message: "x" } },
    });
    expect(errorActivity("thrown")).toEqual({
      kind: "error",
      action: "string",
      details: { error: { type: "string", message: "thrown" } },
    });
    const nameless = Object.assign(new Error("x"), { name: "" });
    expect(errorActivity(nameless).action).toBe("unknown");
  });

  it("is cut where it is more than an activity takes", () => {
    const { details } = errorActivity(new Error("x".repeat(100_000)), {
      pages: Array.from({ length: 10 }, () => "y".repeat(16_000)),
    });
    expect(JSON.stringify(details).length).toBeLessThan(65_536);
    expect(details).toMatchObject({ isCut: true, error: { type: "Error" } });
    expect(details).not.toHaveProperty("context");
  });
});

describe("a decision as an activity", () => {
  it("S1.6 says what, why, and what else there was", () => {
    expect(decisionActivity("a", "b", "c")).toEqual({
      kind: "decision",
      action: "a",
      details: { what: "a", why: "b", alternatives: "c" },
    });
    expect(decisionActivity("w".repeat(300), "b")).toMatchObject({ action: "w".repeat(256) });
    expect(decisionActivity("", "b")).toMatchObject({ action: "unknown", details: { what: "" } });
  });
});
