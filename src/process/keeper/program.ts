import { accessSync, constants, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAM = "keeper/sessiond-keeper";

/**
 * The path of the keeper, from wherever this code was put: in the nearest folder above that has it, as itself or in
 * `dist`. Undefined where there is none.
 */
export function keeperProgram(from: string = fileURLToPath(import.meta.url)): string | undefined {
  // It works by /proc and by calls that only Linux has.
  if (process.platform !== "linux") return undefined;
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const found = [join(folder, PROGRAM), join(folder, "dist", PROGRAM)].find((path) => existsSync(path));
    if (found !== undefined) return isExecutable(found) ? found : undefined;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Whether this process may execute the file. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
