import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { problemsOf, verify } from "../../../src/cli/demo/verify.js";

const set = (...keys: string[]): Set<string> => new Set(keys);

describe("verify", () => {
  it("finds nothing wrong where each is there once", () => {
    const verdict = verify({ acknowledged: set("a", "b"), resent: set("c"), present: ["c", "a", "b"] });
    expect(verdict).toEqual({ kept: 2, resentOnce: 1, lost: [], doubled: [], unknown: [] });
    expect(problemsOf(verdict)).toEqual([]);
  });

  it("finds what is lost, there twice, or nobody's", () => {
    const verdict = verify({ acknowledged: set("a", "b"), resent: set("c"), present: ["b", "b", "c", "d"] });
    expect(verdict).toEqual({ kept: 0, resentOnce: 1, lost: ["a"], doubled: ["b"], unknown: ["d"] });
    expect(problemsOf(verdict)).toEqual([
      "1 acknowledged activities are missing: a",
      "1 activities are there more than once: b",
      "1 activities are there that nobody was told of: d",
    ]);
  });

  it("names no more than three of many", () => {
    const verdict = verify({ acknowledged: set("a", "b", "c", "d"), resent: set(), present: [] });
    expect(problemsOf(verdict)).toEqual(["4 acknowledged activities are missing: a, b, c, …"]);
  });

  it("notices any single change to a true account", () => {
    const keys = fc.uniqueArray(fc.string(), { minLength: 1 });
    fc.assert(
      fc.property(keys, fc.nat(), fc.boolean(), (acknowledged, at, isDoubled) => {
        const index = at % acknowledged.length;
        const key = acknowledged[index] ?? "";
        const present = isDoubled ? [...acknowledged, key] : acknowledged.toSpliced(index, 1);
        const evidence = { acknowledged: new Set(acknowledged), resent: set() };
        expect(problemsOf(verify({ ...evidence, present: acknowledged }))).toEqual([]);
        expect(problemsOf(verify({ ...evidence, present }))).toHaveLength(1);
      }),
    );
  });
});
