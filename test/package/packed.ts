import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A command of npm as the tests want it: nothing is asked for that npm has already, and nothing of a package is run. */
export function npmArguments(...command: readonly string[]): string[] {
  return [...command, "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
}

/** Packs this package as it would be published, into a folder; answers the path of the file. */
export async function pack(folder: string): Promise<string> {
  const { stdout } = await run("npm", npmArguments("pack", "--json", "--pack-destination", folder), {
    cwd: ROOT,
  });
  const [packed] = JSON.parse(stdout) as { readonly filename: string }[];
  if (packed === undefined) throw new Error(`npm pack said nothing of a file: ${stdout}`);
  return join(folder, packed.filename);
}

/** `npm install --global` into an empty prefix; answers the path of `sessiond` in it. */
export async function installGlobally(tarball: string, prefix: string): Promise<string> {
  await run("npm", npmArguments("install", "--global", "--prefix", prefix, tarball));
  return join(prefix, "bin", "sessiond");
}

/** Installs it in a project, which has to be there. */
export async function installIn(project: string, tarball: string): Promise<void> {
  await run("npm", npmArguments("install", "--prefix", project, tarball));
}
