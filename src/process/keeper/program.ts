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

/** What a keeper that is a script works by. */
export interface ShellTools {
  readonly sh: string;
  readonly setsid: string;
}

/** What commands can be kept by: the program, and where that is not to be had, sh. */
export interface KeeperPrograms {
  readonly program?: string | undefined;
  readonly shell?: ShellTools | undefined;
}

/** With the value `sh` in the environment of the daemon, the program is passed over: to see what differs, and for tests. */
const CHOICE = "SESSIOND_KEEPER";

/** What this machine has to keep commands by. */
export function keeperPrograms(
  env: Readonly<Record<string, string | undefined>> = process.env,
): KeeperPrograms {
  return { program: env[CHOICE] === "sh" ? undefined : keeperProgram(), shell: shellTools() };
}

/** Where they lie; undefined where a command cannot be kept so. */
export function shellTools(): ShellTools | undefined {
  // Who a process is stands in /proc.
  if (process.platform !== "linux" || !existsSync("/proc/self/stat")) return undefined;
  const [sh, setsid] = ["sh", "setsid"].map((name) =>
    ["/bin", "/usr/bin"].map((folder) => join(folder, name)).find(isExecutable),
  );
  return sh === undefined || setsid === undefined ? undefined : { sh, setsid };
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
