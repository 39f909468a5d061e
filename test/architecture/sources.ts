import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A file of the repository and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** The files of the repository, those that are new included and those that are ignored left out. */
export function listFiles(): readonly string[] {
  const options = { cwd: ROOT, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 } as const;
  const list = (...more: string[]): string[] =>
    execFileSync("git", ["ls-files", "-z", ...more], options).split("\0");
  const removed = new Set(list("--deleted"));
  return list("--cached", "--others", "--exclude-standard").filter(
    (path) => path !== "" && !removed.has(path),
  );
}

/** Reads one of them. */
export function readSource(path: string): Source {
  return { path, text: readFileSync(join(ROOT, path), "utf8") };
}

/** Whether it is code of the product, as opposed to its tests and its prose. */
export function isProductCode(path: string): boolean {
  return /^(src|client)\/.*\.ts$/.test(path);
}

/**
 * The code without its comments and without what stands in strings; lines stay where they are. Templates stay, since
 * there is code in them.
 */
export function bareCode(text: string): string {
  return text.replace(
    /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[^]*?\*\//g,
    (found) => (found.startsWith("`") ? found : found.replace(/[^\n]/g, found.startsWith("/") ? " " : "_")),
  );
}

/** Every place in `text` where `pattern` is found, as `path:line: what`. */
export function placesOf({ path, text }: Source, pattern: RegExp): readonly string[] {
  return [...text.matchAll(new RegExp(pattern.source, `${pattern.flags.replace("g", "")}g`))].map(
    ({ index, 0: found }) => `${path}:${text.slice(0, index).split("\n").length}: ${found.trim()}`,
  );
}
