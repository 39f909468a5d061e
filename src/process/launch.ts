import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type FileHandle, open } from "node:fs/promises";
import { Socket } from "node:net";
import { isAbsolute } from "node:path";
import { type ProcessIdentity, readIdentity } from "./identity.js";
import type { ProcessInput } from "./input.js";
import { explainFailedStart, explainOutput, LaunchError } from "./launchError.js";
import { PipeInput } from "./pipeInput.js";

export { LaunchError, type LaunchErrorCode } from "./launchError.js";

/** How a process ended: with an exit code, or by a signal such as `SIGKILL`. Exactly one of them is not null. */
export interface ExitOutcome {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export interface LaunchRequest {
  /** The program and its arguments, handed over as they are: no shell ever sees them. */
  readonly argv: readonly string[];
  /** The working directory, an absolute path. */
  readonly cwd: string;
  /** The whole environment of the process. Its PATH is the one in which the program is looked up. */
  readonly env: Readonly<Record<string, string>>;
  /** What the process finds on its standard input; without it, standard input is empty. */
  readonly stdin?: string;
  /** Standard input stays open, and is given by {@link Launched.input}; not together with `stdin`. */
  readonly openStdin?: boolean;
  /** The files that take the output. They are appended to, and created with mode 0600. */
  readonly stdoutPath: string;
  readonly stderrPath: string;
  /** Called exactly once when the process has ended, and never before `launch` has resolved. */
  readonly onExit: (outcome: ExitOutcome) => void;
}

export interface Launched {
  /** Also the id of the process's own group and session. */
  readonly pid: number;
  /** Undefined where it cannot be known, see {@link readIdentity}, and when the daemon had no descriptor left to look. */
  readonly identity: ProcessIdentity | undefined;
  /** Where `openStdin` was asked for. */
  readonly input?: ProcessInput;
}

interface Start {
  readonly launched: Launched;
  readonly ended: Promise<ExitOutcome>;
}

const OUTPUT_MODE = 0o600;

/**
 * Starts a process as the leader of a new group and session. Its output goes to the files by descriptors of its own,
 * not through pipes of the daemon, so neither the end of the daemon nor a slow daemon touches it. Until it has ended it
 * keeps the event loop alive: a program that has a daemon inside it, and waits for a command, must not end before.
 *
 * `stdin` is the exception: it goes through a pipe, and what was not read by the time that process or the daemon ends
 * is lost. A process that does not read it, or closes it early, does no harm.
 *
 * Rejects with a {@link LaunchError} when the process could not be started; `onExit` is then never called.
 */
export async function launch(request: LaunchRequest): Promise<Launched> {
  checkRequest(request);
  const { launched, ended } = await startWithOutput(request);
  // By then everybody who waits for `launch` has gone on, however many promises lie between.
  void ended.then((outcome) => setImmediate(() => request.onExit(outcome)));
  // Nothing may be awaited from here on: the process may have ended long ago.
  return launched;
}

/** @throws {LaunchError} where no program could be started so */
export function checkRequest({ argv, cwd, env }: Pick<LaunchRequest, "argv" | "cwd" | "env">): void {
  const [program = ""] = argv;
  const fault =
    (program === "" && "argv must begin with the name of a program.") ||
    (!isAbsolute(cwd) && `the working directory must be an absolute path, not ${JSON.stringify(cwd)}.`) ||
    ([cwd, ...argv].some(hasNul) &&
      "a NUL byte stands in argv or cwd, and no program can receive one. Remove it.") ||
    (Object.entries(env).some((pair) => pair.some(hasNul)) &&
      "a NUL byte stands in the environment. Remove it.") ||
    (Object.keys(env).some((name) => name === "" || name.includes("=")) &&
      "the environment has a name that is empty or holds an equals sign. Remove it.");
  if (fault !== false) throw new LaunchError(program, "argument_invalid", fault);
}

/** Opens what a command writes to, stdout first. @throws LaunchError; nothing is open then */
export async function openOutput({
  argv,
  stdoutPath,
  stderrPath,
}: Pick<LaunchRequest, "argv" | "stdoutPath" | "stderrPath">): Promise<FileHandle[]> {
  const opened: FileHandle[] = [];
  for (const path of [stdoutPath, stderrPath]) {
    try {
      // Appending: two descriptors on one file, or a second try of the command, never overwrite what is there.
      opened.push(await open(path, "a", OUTPUT_MODE));
    } catch (cause) {
      await Promise.allSettled(opened.map((file) => file.close()));
      throw explainOutput(argv[0] ?? "", path, cause);
    }
  }
  return opened;
}

async function startWithOutput(request: LaunchRequest): Promise<Start> {
  const output = await openOutput(request);
  try {
    return await start(request, output);
  } finally {
    // The process has its own copies by now. A close that fails has nothing to say about the process.
    await Promise.allSettled(output.map((file) => file.close()));
  }
}

async function start(request: LaunchRequest, output: readonly FileHandle[]): Promise<Start> {
  try {
    const child = spawnChild(request, output);
    const { pid } = child;
    if (pid === undefined) {
      const [cause] = (await once(child, "error")) as [Error];
      throw cause;
    }
    const ended = new Promise<ExitOutcome>((resolve) => {
      child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
    });
    // In the same tick as the spawn: Node cannot have collected the process, so the pid is still its own.
    const identity = identifyStarted(pid);
    if (request.stdin !== undefined) feed(child, request.stdin);
    return { launched: { pid, identity, ...openInput(request, child) }, ended };
  } catch (cause) {
    throw await explainFailedStart(request, cause);
  }
}

function identifyStarted(pid: number): ProcessIdentity | undefined {
  try {
    return readIdentity(pid);
  } catch {
    // The process runs. That /proc cannot be read just now (EMFILE) must not make it look like one that never started.
    return undefined;
  }
}

function spawnChild(
  { argv, cwd, env, stdin, openStdin }: LaunchRequest,
  output: readonly FileHandle[],
): ChildProcess {
  const [program = "", ...args] = argv;
  return spawn(program, args, {
    cwd,
    env,
    detached: true,
    stdio: [stdin === undefined && openStdin !== true ? "ignore" : "pipe", ...output.map((file) => file.fd)],
  });
}

function openInput({ openStdin }: LaunchRequest, { stdin }: ChildProcess): Pick<Launched, "input"> {
  if (openStdin !== true || stdin === null) return {};
  if (stdin instanceof Socket) stdin.unref();
  return { input: new PipeInput(stdin) };
}

function feed(child: ChildProcess, text: string): void {
  // EPIPE is the process's own decision: it had enough.
  child.stdin?.on("error", () => {});
  child.stdin?.end(text);
  // The pipe must not hold the daemon up when it wants to end.
  if (child.stdin instanceof Socket) child.stdin.unref();
}

function hasNul(text: string): boolean {
  return text.includes("\0");
}
