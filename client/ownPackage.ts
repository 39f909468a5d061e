import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { StartFailedError } from "./errors.js";

/** The folder of this package, however it runs: bundled, built or as written. The nearest with a package.json. */
export function packageDir(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

/**
 * The file that `sessiond` runs, as package.json names it: so it is the same from wherever this code was put.
 *
 * @param folder of the package; where this code is if absent.
 * @throws {StartFailedError} where the package has no such program, because this code was made part of another one.
 */
export function ownProgram(folder: string = packageDir()): string {
  const program = existsSync(join(folder, "package.json")) ? programOf(folder) : undefined;
  if (program !== undefined) return join(folder, program);
  throw new StartFailedError(
    `The program of sessiond is not part of ${folder}. ` +
      'Name the command that starts it, such as ["sessiond", "start", "--detach"].',
  );
}

function programOf(folder: string): string | undefined {
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { bin?: unknown };
  if (typeof bin !== "object" || bin === null || !("sessiond" in bin)) return undefined;
  return typeof bin.sessiond === "string" ? bin.sessiond : undefined;
}
