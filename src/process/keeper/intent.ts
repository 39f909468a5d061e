import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { readBootId } from "../identity.js";
import type { StartRequest } from "../supervised.js";

/** The FIFO of a command whose standard input stays open; not `stdin`, which is read as a whole. */
export const INPUT = "input";

const PRIVATE = { mode: 0o600 };

/** What of an intent nobody else knows. */
export interface IntentInputs {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string | undefined;
  /** The group of the kernel that it is to run in. */
  readonly cgroup?: string | undefined;
}

/**
 * Writes down what a keeper is to start, into a folder that is made for it; see README.md. Not synced: what a crash of the
 * machine makes of it is told by the boot that stands in it.
 *
 * @throws Node's own errors; EEXIST where the folder is there
 */
export async function writeIntent(folder: string, request: StartRequest): Promise<void> {
  const { argv, env, cwd, stdin, stdoutPath, stderrPath, closeMs, closeAtMs, graceMs, cgroup } = request;
  const stdinPath = join(folder, "stdin");
  const entries = [
    ...argv.map((argument) => `argv=${argument}`),
    ...Object.entries(env).map(([name, value]) => `env=${name}=${value}`),
    ...(request.openStdin === true ? [`stdin=${join(folder, INPUT)}`, "openStdin="] : []),
    `cwd=${cwd}`,
    `stdout=${stdoutPath}`,
    `stderr=${stderrPath}`,
    ...(stdin === undefined ? [] : [`stdin=${stdinPath}`]),
    ...(cgroup === undefined ? [] : [`cgroup=${cgroup}`]),
    `closeMs=${Math.ceil(closeMs)}`,
    `closeAtMs=${Math.ceil(closeAtMs)}`,
    `graceMs=${Math.ceil(graceMs)}`,
    `boot=${readBootId() ?? ""}`,
    "end=",
  ];
  await mkdir(folder, { mode: 0o700 });
  if (stdin !== undefined) await writeFile(stdinPath, stdin, PRIVATE);
  await writeFile(join(folder, "intent"), entries.map((entry) => `${entry}\0`).join(""), PRIVATE);
}

/**
 * What stands in the intent of a folder. Undefined where there is none, where it is not whole, and where it was written in
 * another boot: then what became of it may have been lost with the machine.
 */
export async function readIntent(folder: string): Promise<IntentInputs | undefined> {
  const text = await readFile(join(folder, "intent"), "utf8").catch(undefinedIfMissing);
  const entries = text?.split("\0") ?? [];
  if (entries.at(-2) !== "end=" || !entries.includes(`boot=${readBootId() ?? ""}`)) return undefined;
  const env: Record<string, string> = {};
  for (const entry of entries) {
    const [, name, value] = /^env=([^=]*)=(.*)$/s.exec(entry) ?? [];
    if (name !== undefined && value !== undefined) env[name] = value;
  }
  const cgroup = entries.find((entry) => entry.startsWith("cgroup="))?.slice("cgroup=".length);
  return { env, cgroup, stdin: await readFile(join(folder, "stdin"), "utf8").catch(undefinedIfMissing) };
}

function undefinedIfMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  return undefined;
}
