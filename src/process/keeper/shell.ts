import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { access, constants, open, stat, type FileHandle } from "node:fs/promises";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";

import { openOutput } from "../launch.js";
import { explainFailedStart } from "../launchError.js";
import type { StartRequest } from "../supervised.js";
import { SHELL_KEEPER } from "./shellText.js";
import type { ShellTools } from "./program.js";
import { SpawnError } from "./spawner.js";

/** What the keeper ends with where another one has the command. */
const TAKEN = 17;
/** Where a program is looked for by one that has no PATH. */
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

/**
 * Starts a keeper that is a script of sh for the command whose intent lies in a folder; resolves when it has claimed it.
 * The script is ours, and what the caller wants to run are parameters of it: nothing of them is read as a script. It has
 * the environment of the command, because that is what the command inherits.
 *
 * @throws SpawnError as the spawn server's, LaunchError where it is seen before that the command cannot be started
 */
export async function spawnShellKeeper(
  folder: string,
  request: StartRequest,
  { sh, setsid }: ShellTools,
): Promise<void> {
  const program = await findProgram(request);
  const files = await openFiles(folder, request);
  try {
    const child = await start(request, files, [
      sh,
      "-c",
      SHELL_KEEPER,
      "sessiond-keeper",
      folder,
      setsid,
      sh,
      program,
    ]);
    const exited = once(child, "exit");
    // It closes it with the claim, or when it dies.
    const said = await text(child.stdio[3] as Readable);
    const [code] = said === "" ? ((await exited) as [number | null]) : [0];
    child.unref();
    if (code !== 0) throw new SpawnError(code === TAKEN ? "EEXIST" : "GONE");
  } finally {
    await Promise.allSettled(files.map((file) => file.close()));
  }
}

/** Starts the script, which gets the arguments of the command behind its own. */
async function start(
  { argv, cwd, env }: StartRequest,
  files: readonly FileHandle[],
  [sh = "", ...own]: readonly string[],
): Promise<ChildProcess> {
  try {
    const stdio: StdioOptions = [...files.map(({ fd }) => fd), "pipe"];
    const child = spawn(sh, [...own, ...argv.slice(1)], { cwd, env, detached: true, stdio });
    if (child.pid === undefined) throw (await once(child, "error"))[0];
    return child;
  } catch (cause) {
    throw await explainFailedStart({ argv, cwd, env }, cause);
  }
}

/** Standard input and the two outputs of the command. */
async function openFiles(folder: string, request: StartRequest): Promise<FileHandle[]> {
  const { stdin } = request;
  const input = await open(stdin === undefined ? "/dev/null" : join(folder, "stdin"), "r");
  try {
    return [input, ...(await openOutput(request))];
  } catch (error) {
    await input.close();
    throw error;
  }
}

/**
 * What sh is told to run: the program as it was given, or by its path where sh would take its name for an option, or has
 * no PATH. sh says of a program that is not there what a program says that ends with 127, so it is looked for here.
 *
 * @throws LaunchError where there is none
 */
async function findProgram(request: StartRequest): Promise<string> {
  const [program = ""] = request.argv;
  const { PATH } = request.env;
  const folders = program.includes("/") ? [""] : (PATH ?? DEFAULT_PATH).split(":");
  let fault = "ENOENT";
  for (const folder of folders) {
    const path = resolve(request.cwd, folder, program);
    const found = await whatIs(path);
    if (found === "program") return PATH === undefined || program.startsWith("-") ? path : program;
    if (found !== "ENOENT") fault = found;
  }
  throw await explainFailedStart(request, Object.assign(new Error(fault), { code: fault }));
}

async function whatIs(path: string): Promise<string> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile() ? "program" : "EACCES";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "ENOENT";
  }
}
