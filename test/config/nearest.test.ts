import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearestName } from "../../src/config/nearest.js";

describe("nearestName", () => {
  it("finds what was meant, whatever the case", () => {
    expect(nearestName("IDLETIMEOUT", ["lifetimeMs", "idleTimeoutMs"])).toBe("idleTimeoutMs");
    expect(nearestName("kitten", ["mitten", "sitting"])).toBe("mitten");
    expect(nearestName("anything", [])).toBeUndefined();
    expect(nearestName("__proto__", ["logDir", "socket"])).toBeUndefined();
  });

  it("finds every known name itself, and one within an edit of it", () => {
    const known = ["alpha", "session", "retention", "idempotency"];
    fc.assert(
      fc.property(fc.constantFrom(...known), fc.nat(4), (name, at) => {
        expect(nearestName(name, known)).toBe(name);
        expect(nearestName(name.slice(0, at) + name.slice(at + 1), known)).toBe(name);
      }),
    );
  });
});
