import { describe, expect, it } from "vitest";

import { LIMITS } from "../../src/protocol/limits.js";
import {
  absolutePath,
  count,
  durationMs,
  environment,
  id,
  idempotencyKey,
  label,
  page,
  tags,
  text,
  time,
} from "../../src/protocol/shapes.js";

const ok = (shape: { safeParse(value: unknown): { success: boolean } }, value: unknown): boolean =>
  shape.safeParse(value).success;

describe("an id", () => {
  it.each([
    "a",
    "7",
    "A.b_c-d",
    "archive",
    "0193f0c2-7b1e-7c3a-9d2e-5f6a7b8c9d0e",
    "x".repeat(LIMITS.idLength),
  ])("may be %j", (value) => {
    expect(ok(id, value)).toBe(true);
  });

  it.each([
    "",
    ".",
    "..",
    "../../x",
    "a/b",
    "a\\b",
    ".hidden",
    "-rf",
    "_x",
    "a b",
    "a\0",
    "a\n",
    "ä",
    "x".repeat(LIMITS.idLength + 1),
    7,
    null,
  ])("may not be %j", (value) => {
    expect(ok(id, value)).toBe(false);
  });

  it("says what it has to be", () => {
    expect(id.safeParse("../x").error?.issues[0]?.message).toMatch(/^an id is 1 to 128 of /);
  });
});

describe("a path", () => {
  it.each(["/", "/home/ada/../bob", "/with space/ä", "C:\\work", "c:/work", `/${"x".repeat(4_095)}`])(
    "may be %j",
    (value) => {
      expect(ok(absolutePath, value)).toBe(true);
    },
  );

  it.each(["", ".", "relative", "~/x", "C:", "C:relative", "\\\\host", "/a\0b", `/${"x".repeat(4_096)}`])(
    "may not be %j",
    (value) => {
      expect(ok(absolutePath, value)).toBe(false);
    },
  );
});

describe("bounds", () => {
  const bounds = [
    ["label", label, "x", LIMITS.labelLength],
    ["text", text, "x", LIMITS.textLength],
    ["idempotencyKey", idempotencyKey, "x", LIMITS.idLength],
  ] as const;

  it.each(bounds)("a %s has so many characters", (_, shape, character, most) => {
    expect(ok(shape, character.repeat(most))).toBe(true);
    expect(ok(shape, character.repeat(most + 1))).toBe(false);
  });

  it("a label and a key are not empty; a text may be", () => {
    expect([ok(label, ""), ok(idempotencyKey, ""), ok(text, "")]).toEqual([false, false, true]);
  });

  it("a session has so many tags", () => {
    expect(ok(tags, Array(LIMITS.tags).fill("t"))).toBe(true);
    expect(ok(tags, Array(LIMITS.tags + 1).fill("t"))).toBe(false);
    expect(ok(tags, [""])).toBe(false);
  });

  it("a duration is a whole number of milliseconds, from none to ten years", () => {
    expect([0, LIMITS.durationMs].map((value) => ok(durationMs, value))).toEqual([true, true]);
    const wrong = [-1, 0.5, LIMITS.durationMs + 1, NaN, Infinity, "1"];
    expect(wrong.filter((value) => ok(durationMs, value))).toEqual([]);
  });

  it("a count is a safe integer", () => {
    expect(ok(count, Number.MAX_SAFE_INTEGER)).toBe(true);
    expect([-1, 2 ** 53, 1.5].filter((value) => ok(count, value))).toEqual([]);
  });

  it("a page has 1 to so many items, 100 if nothing is said", () => {
    expect([0, 1, LIMITS.pageItems, LIMITS.pageItems + 1].map((value) => ok(page.limit, value))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(page.limit.parse(undefined)).toBe(100);
  });
});

describe("a time", () => {
  it("is RFC 3339 in UTC", () => {
    expect(ok(time, "2026-11-20T10:00:00.000Z")).toBe(true);
    expect(ok(time, new Date(0).toISOString())).toBe(true);
    const wrong = ["2026-11-20T10:00:00+01:00", "2026-11-20", "2026-13-01T00:00:00Z", "now", 0];
    expect(wrong.filter((value) => ok(time, value))).toEqual([]);
  });
});

describe("an environment", () => {
  it("holds what an operating system takes", () => {
    expect(ok(environment, { PATH: "/bin", EMPTY: "", "odd name": "a=b" })).toBe(true);
    const wrong = [{ "": "x" }, { "A=B": "x" }, { "A\0": "x" }, { A: "x\0" }, { A: 1 }];
    expect(wrong.filter((value) => ok(environment, value))).toEqual([]);
  });

  it("has so many variables of so many characters", () => {
    const of = (size: number) => Object.fromEntries(Array.from({ length: size }, (_, at) => [`V${at}`, ""]));
    expect(ok(environment, of(LIMITS.arguments))).toBe(true);
    expect(ok(environment, of(LIMITS.arguments + 1))).toBe(false);
    expect(ok(environment, { A: "x".repeat(LIMITS.argumentLength) })).toBe(true);
    expect(ok(environment, { A: "x".repeat(LIMITS.argumentLength + 1) })).toBe(false);
    const half = "x".repeat(LIMITS.environmentLength / 2 - 1);
    expect(ok(environment, { A: half, B: half })).toBe(true);
    expect(ok(environment, { A: half, BB: half })).toBe(false);
  });
});
