import { readFileSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

import ignore, { type Ignore } from "ignore";

/** What nobody wants to be told of, whatever stands in `.gitignore`. */
const NEVER = new Set(["node_modules", ".git"]);
/** A longer `.gitignore` is none that a person wrote. */
const RULES_BYTES = 64 * 1_024;

/** Which paths below a folder are left out: `node_modules`, `.git`, and what the `.gitignore` files there name. */
export class IgnoredPaths {
  readonly #root: string;
  /** By folder, relative to the root; read when something in the folder is first met. */
  readonly #rules = new Map<string, Ignore | undefined>();

  constructor(root: string) {
    this.#root = root;
  }

  /** @param isFolder undefined where that is not known: then it is ignored if a folder of that name would be */
  has(path: string, isFolder: boolean | undefined): boolean {
    const within = relative(this.#root, path);
    if (within === "" || within.startsWith("..")) return false;
    if (within.split(sep).some((name) => NEVER.has(name))) return true;
    for (let folder = dirname(within); ; folder = dirname(folder)) {
      const rules = this.#rulesOf(folder);
      const name = relative(folder, within);
      if (rules !== undefined && isNamed(rules, name, isFolder)) return true;
      if (folder === ".") return false;
    }
  }

  #rulesOf(folder: string): Ignore | undefined {
    if (!this.#rules.has(folder)) this.#rules.set(folder, readRules(join(this.#root, folder, ".gitignore")));
    return this.#rules.get(folder);
  }
}

function isNamed(rules: Ignore, name: string, isFolder: boolean | undefined): boolean {
  if (isFolder !== true && rules.ignores(name)) return true;
  return isFolder !== false && rules.ignores(`${name}/`);
}

function readRules(path: string): Ignore | undefined {
  try {
    const found = statSync(path);
    if (!found.isFile() || found.size > RULES_BYTES) return undefined;
    return ignore().add(readFileSync(path, "utf8"));
  } catch {
    // There is none, which is the usual case, or it cannot be read, which git takes for none as well.
    return undefined;
  }
}
