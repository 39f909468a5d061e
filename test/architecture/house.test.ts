import { expect, it } from "vitest";

import { describeIf, hasProgram } from "../support/requires.js";
import { bareCode, isProductCode, listFiles, placesOf, readSource } from "./sources.js";
import { DISK_CALLS, HOUSE, LONG_FILES, SIZES } from "./walls.js";

describeIf(hasProgram("git"), "git", "the house", () => {
  const files = listFiles();
  const sources = files.filter(isProductCode).map(readSource);

  it("has nothing at its top level that does not belong there", () => {
    const top = new Set(files.map((path) => path.split("/")[0] ?? ""));
    expect([...top].filter((name) => !name.startsWith(".") && !HOUSE.includes(name))).toEqual([]);
  });

  it("has small files; larger ones have a reason", () => {
    const lines = new Map(sources.map(({ path, text }) => [path, text.split("\n").length - 1]));
    const over = (limit: number) => [...lines].filter(([, count]) => count > limit).map(([path]) => path);
    expect(over(SIZES.most)).toEqual([]);
    const long = over(SIZES.usual);
    expect(
      long.filter((path) => !Object.hasOwn(LONG_FILES, path)),
      "needs a reason in walls.ts",
    ).toEqual([]);
    expect(
      Object.keys(LONG_FILES).filter((path) => !long.includes(path)),
      "is small again",
    ).toEqual([]);
  });

  it("has a session that is pure", () => {
    // No clock, no chance, nothing of the process: `no node:` is the business of the walls.
    const impure =
      /(?<![.\w$])(?:Date|performance|crypto|Buffer|globalThis|console|fetch|queueMicrotask|(?:set|clear)(?:Timeout|Interval|Immediate))(?![\w$])|Math\.random|(?<![.\w$])process\s*(?:\?\.|[.[])/;
    const places = sources
      .filter(({ path }) => path.startsWith("src/session/"))
      .map(({ path, text }) => ({ path, text: bareCode(text) }));
    expect(places).not.toEqual([]);
    expect(places.flatMap((source) => placesOf(source, impure))).toEqual([]);
    for (const line of [
      "new Date()",
      "process.env",
      "process?.env",
      "Math.random()",
      "setTimeout(f)",
      "`${Date.now()}`",
    ])
      expect(placesOf({ path: "", text: bareCode(line) }, impure)).toHaveLength(1);
    for (const line of ["execution.process.pid", "updatedAt.Date", '"Date"', "// Date", "/* process.env */"])
      expect(placesOf({ path: "", text: bareCode(line) }, impure)).toEqual([]);
  });

  it("renames, syncs and unlinks in disk/ alone", () => {
    const call = /\b(?:rename|fsync|fdatasync|datasync|unlink|rm|rmdir|symlink)(?:Sync)?(?=\s*\()/;
    const named =
      /(?<=import\s*\{[^}]*)\b(?:rename|fsync|fdatasync|unlink|rm|rmdir|symlink)(?:Sync)?\b(?=[^}]*\}\s*from "node:fs)/;
    const found = sources
      .filter(({ path }) => !path.startsWith("src/disk/"))
      .flatMap(({ path, text }) => [
        ...placesOf({ path, text: bareCode(text) }, call),
        ...placesOf({ path, text }, named),
      ]);
    const isAllowed = (place: string) =>
      Object.entries(DISK_CALLS).some(
        ([path, { calls }]) =>
          place.startsWith(`${path}:`) && calls.some((name) => place.endsWith(`: ${name}`)),
      );
    expect(found.filter((place) => !isAllowed(place))).toEqual([]);
    for (const [path, { calls }] of Object.entries(DISK_CALLS))
      for (const name of calls)
        expect(found.some((place) => place.startsWith(`${path}:`) && place.endsWith(`: ${name}`))).toBe(true);
    expect(
      placesOf({ path: "", text: 'import { rename as move } from "node:fs/promises"' }, named),
    ).toHaveLength(1);
  });
});
