import { posix, win32 } from "node:path";

import { error, type Finding, type Platform, warning } from "./finding.js";

/**
 * Longest paths and names. Linux counts bytes (PATH_MAX with its end, NAME_MAX), macOS too, with a shorter path
 * (sys/syslimits.h); Windows counts UTF-16 units, 260 with the drive and the end unless long paths are switched on.
 */
const LONGEST = {
  linux: { path: 4_095, name: 255, unit: "bytes" },
  macos: { path: 1_023, name: 255, unit: "bytes" },
  windows: { path: 259, name: 255, unit: "characters" },
} as const;

/** Names that Windows keeps for devices, with whatever ending; the superscript digits count as digits there. */
const DEVICE_NAME = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)/i;
/** No file of Windows has these in its name; the separators are taken out before. */
const INVALID_ON_WINDOWS = /[<>:"|?*]/u;
const CONTROL = /[\p{Cc}]/u;
/** Turns the direction of text around, or is not seen at all: a name is read as another one than it is. */
const HIDDEN = /[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;
/** A lone half of a pair: no file system has such a name in UTF-8. */
const LONE_HALF = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** What the text of a path shows by itself, without a look at any disk. */
export function checkText(path: string, platform: Platform): Finding[] {
  if (path === "") return [error("empty", "the path is empty")];
  const findings: Finding[] = [];
  if (path.includes("\0")) findings.push(error("invalid_character", "it has a NUL, which no system takes"));
  if (LONE_HALF.test(path)) findings.push(error("invalid_character", "it has half of a character"));
  findings.push(...checkForm(path, platform));
  const names = namesOf(path, platform);
  for (const name of names) findings.push(...checkName(name, platform));
  if (names.includes(".."))
    findings.push(error("traversal", "it goes up by “..”: name the folder that is meant"));
  findings.push(...checkSuspicious(path), ...checkLength(path, names, platform));
  return once(findings);
}

/**
 * The path as it may have been meant: without what is invalid, `..` resolved, separators joined; undefined where that is
 * the path itself, or nothing is left of it. A proposal, and nothing but that: it names another place.
 */
export function cleanedPath(path: string, platform: Platform): string | undefined {
  const isWindows = platform === "windows";
  const { root } = isWindows ? win32.parse(path) : posix.parse(path);
  const names = namesOf(path, platform)
    .map((name) => cleanedName(name, platform))
    .filter((name) => name !== "");
  const separator = isWindows ? "\\" : "/";
  const start = isWindows ? root.replaceAll("/", "\\") : root;
  const joined = start + names.join(separator);
  const cleaned = (isWindows ? win32 : posix).normalize(joined);
  return cleaned === path || cleaned === "." || cleaned === "" ? undefined : cleaned;
}

function checkForm(path: string, platform: Platform): Finding[] {
  if (platform === "windows") {
    if (/^[\\/]{2}[.?][\\/]/.test(path))
      return [error("device_path", "it names a device, past the rules for files")];
    if (!/^(?:[A-Za-z]:[\\/]|[\\/]{2}[^\\/]+[\\/]+[^\\/]+)/.test(path))
      return [error("not_absolute", "it has no drive or share, so where it leads depends on who uses it")];
    return [];
  }
  if (path.startsWith("/")) return [];
  return [error("not_absolute", "it does not begin with “/”, so where it leads depends on who uses it")];
}

function checkName(name: string, platform: Platform): Finding[] {
  if (name === "." || name === "..") return [];
  const shown = JSON.stringify(name);
  const findings: Finding[] = [];
  if (platform === "windows") {
    const invalid = INVALID_ON_WINDOWS.exec(name)?.[0];
    if (invalid !== undefined) findings.push(error("invalid_character", `${shown} has a ${invalid}`));
    if (DEVICE_NAME.test(name)) findings.push(error("reserved_name", `${shown} is the name of a device`));
    if (/[. ]$/.test(name))
      findings.push(error("trailing_character", `${shown} ends with a dot or a space, which Windows drops`));
  } else if (/^\s|\s$/.test(name))
    findings.push(warning("trailing_character", `${shown} begins or ends with a space`));
  if (platform === "macos" && name.includes(":"))
    findings.push(warning("invalid_character", `${shown} has a “:”, which macOS shows as “/”`));
  if (platform === "macos" && name.normalize("NFC") !== name)
    findings.push(
      warning("not_normalized", `${shown} is the same file as its composed form, and not the same text`),
    );
  if (name.startsWith("-"))
    findings.push(warning("leading_dash", `${shown} begins with a dash: programs take it for an option`));
  return findings;
}

function checkSuspicious(path: string): Finding[] {
  const findings: Finding[] = [];
  if (CONTROL.test(path.replaceAll("\0", "")))
    findings.push(warning("control_character", "it has characters that control a terminal"));
  if (HIDDEN.test(path))
    findings.push(
      warning("hidden_character", "it has characters that are not seen, or turn the text around"),
    );
  if (/%(?:2e|2f|5c|00)/i.test(path))
    findings.push(warning("encoded", "it has encoded separators or dots; nothing here decodes them"));
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path))
    findings.push(warning("not_a_path", "it is an address, and no path"));
  if (path.startsWith("~") || /\$(?:[A-Za-z_{(])|%[A-Za-z_]\w*%|`/.test(path))
    findings.push(
      warning(
        "not_expanded",
        "it has a “~” or a variable, which a shell would replace and nothing here does",
      ),
    );
  return findings;
}

function checkLength(path: string, names: readonly string[], platform: Platform): Finding[] {
  const longest = LONGEST[platform];
  const lengthOf = (text: string): number =>
    longest.unit === "bytes" ? Buffer.byteLength(text) : text.length;
  const findings: Finding[] = [];
  if (lengthOf(path) > longest.path)
    findings.push(error("too_long", `it is longer than ${longest.path} ${longest.unit}`));
  if (names.some((name) => lengthOf(name) > longest.name))
    findings.push(error("too_long", `a name in it is longer than ${longest.name} ${longest.unit}`));
  return findings;
}

/** The names between the separators, without drive or share. */
function namesOf(path: string, platform: Platform): string[] {
  if (platform !== "windows") return path.split("/").filter((name) => name !== "");
  const { root } = win32.parse(path);
  return path
    .slice(root.length)
    .split(/[\\/]/)
    .filter((name) => name !== "");
}

function cleanedName(name: string, platform: Platform): string {
  if (name === "." || name === "..") return name;
  let cleaned = name.replaceAll(/[\p{Cc}]/gu, "").replaceAll(new RegExp(HIDDEN, "gu"), "");
  cleaned = cleaned.replaceAll(new RegExp(LONE_HALF, "g"), "").trim();
  if (platform !== "windows") return cleaned;
  cleaned = cleaned.replaceAll(new RegExp(INVALID_ON_WINDOWS, "gu"), "").replace(/[. ]+$/, "");
  return DEVICE_NAME.test(cleaned) ? `_${cleaned}` : cleaned;
}

/** Without those that say the same. */
function once(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [finding.code + finding.message, finding])).values()];
}
