import { win32 } from "node:path";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { FINDING_CODES, type FindingCode, type Platform } from "../../src/paths/finding.js";
import { checkText, cleanedPath } from "../../src/paths/rules.js";

function found(path: string, platform: Platform): FindingCode[] {
  return checkText(path, platform).map(({ code }) => code);
}

function isValid(path: string, platform: Platform): boolean {
  return checkText(path, platform).every(({ severity }) => severity !== "error");
}

describe("the text of a path", () => {
  it.each<[string, Platform, FindingCode[]]>([
    ["/home/a/project", "linux", []],
    ["/home/a/a b", "linux", []],
    ["C:\\Users\\a\\project", "windows", []],
    ["\\\\server\\share\\folder", "windows", []],
    ["/Volumes/a/projét", "macos", []],
    ["", "linux", ["empty"]],
    ["relative/path", "linux", ["not_absolute"]],
    ["\\folder", "windows", ["not_absolute"]],
    ["C:folder", "windows", ["not_absolute"]],
    ["/a\0b", "linux", ["invalid_character"]],
    ["/a/\ud800", "linux", ["invalid_character"]],
    ["/a/../b", "linux", ["traversal"]],
    ["C:\\a\\..\\b", "windows", ["traversal"]],
    ["/a..b/...", "linux", []],
    ["C:\\a\\b?.txt", "windows", ["invalid_character"]],
    ["C:\\a\\b:stream", "windows", ["invalid_character"]],
    ["C:\\a\\nul.txt", "windows", ["reserved_name"]],
    ["C:\\a\\com¹", "windows", ["reserved_name"]],
    ["C:\\a\\console", "windows", []],
    ["C:\\a\\b. ", "windows", ["trailing_character"]],
    ["\\\\?\\C:\\a", "windows", ["device_path"]],
    ["\\\\.\\PhysicalDrive0", "windows", ["device_path"]],
    ["/a/ b", "linux", ["trailing_character"]],
    ["/a/b:c", "macos", ["invalid_character"]],
    ["/a/e\u0301", "macos", ["not_normalized"]],
    ["/a/-rf", "linux", ["leading_dash"]],
    ["/a/\u001b[31m", "linux", ["control_character"]],
    ["/a/\u202egnp.exe", "linux", ["hidden_character"]],
    ["/a/%2e%2e/b", "linux", ["encoded"]],
    ["file:///etc", "linux", ["not_absolute", "not_a_path"]],
    ["~/project", "linux", ["not_absolute", "not_expanded"]],
    ["/a/$HOME", "linux", ["not_expanded"]],
    ["C:\\%USERPROFILE%\\a", "windows", ["not_expanded"]],
    ["/a/cost$5", "linux", []],
    [`/${"a".repeat(256)}`, "linux", ["too_long"]],
    [`/${"é".repeat(128)}`, "linux", ["too_long"]],
    [`/${"a/".repeat(2_048)}`, "linux", ["too_long"]],
    [`C:\\${"é".repeat(250)}`, "windows", []],
    [`C:\\${"a\\".repeat(130)}`, "windows", ["too_long"]],
  ])("%j on %s", (path, platform, codes) => {
    expect(found(path, platform)).toEqual(codes);
  });

  it("is never too much for the rules, and every finding is one of the list", () => {
    const platforms = fc.constantFrom<Platform>("linux", "macos", "windows");
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string().map((text) => `/${text}`),
    );
    fc.assert(
      fc.property(texts, platforms, (path, platform) => {
        for (const { code, message } of checkText(path, platform)) {
          expect(FINDING_CODES).toContain(code);
          expect(message).not.toBe("");
        }
        cleanedPath(path, platform);
      }),
    );
  });
});

describe("a cleaned path", () => {
  it.each<[string, Platform, string | undefined]>([
    ["/home/a", "linux", undefined],
    ["/home/a/../b//c/./d", "linux", "/home/b/c/d"],
    ["/a/\u202egnp.exe", "linux", "/a/gnp.exe"],
    ["/a\0b/ c ", "linux", "/ab/c"],
    ["C:/a/b?.txt", "windows", "C:\\a\\b.txt"],
    ["C:\\a\\nul.txt", "windows", "C:\\a\\_nul.txt"],
    ["C:\\a\\name. ", "windows", "C:\\a\\name"],
    ["\0", "linux", undefined],
  ])("of %j on %s", (path, platform, cleaned) => {
    expect(cleanedPath(path, platform)).toBe(cleaned);
  });

  it("is fine by the rules that it was cleaned by, where the whole path was given", () => {
    const name = fc.string({ unit: "binary", maxLength: 20 }).filter((text) => !/[\\/]/.test(text));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), (names) => {
        const posix = cleanedPath(`/x/${names.join("/")}`, "linux");
        if (posix !== undefined) expect(isValid(posix, "linux")).toBe(true);
        const windows = cleanedPath(`C:\\x\\${names.join("\\")}`, "windows");
        if (windows !== undefined) {
          expect(isValid(windows, "windows")).toBe(true);
          expect(win32.isAbsolute(windows)).toBe(true);
        }
      }),
    );
  });
});
