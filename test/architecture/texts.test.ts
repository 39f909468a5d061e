import { describe, expect, it } from "vitest";

import { describeIf, hasProgram } from "../support/requires.js";
import { listFiles, placesOf, readSource } from "./sources.js";
import { REFUSED_TEXTS } from "./texts.js";

describeIf(hasProgram("git"), "git", "the files of the repository", () => {
  const sources = listFiles().map(readSource);

  it.each(REFUSED_TEXTS)("hold nothing like $example", ({ pattern, files = /^/, reason }) => {
    const places = sources
      .filter(({ path }) => files.test(path))
      .flatMap((source) => placesOf(source, pattern));
    expect(places, reason).toEqual([]);
  });
});

describe("the refused texts", () => {
  it.each(REFUSED_TEXTS)("find $example", ({ pattern, example }) => {
    expect(placesOf({ path: "a.ts", text: `\n${example}` }, pattern)).toHaveLength(1);
  });

  it("leave prose and types alone that only look like it", () => {
    const harmless =
      'Settings: any part of them. z.any; has(one, any); "/home/ada"; join(root, "work/main"); expect.anything()';
    for (const { pattern } of REFUSED_TEXTS)
      expect(placesOf({ path: "", text: harmless }, pattern)).toEqual([]);
  });
});
