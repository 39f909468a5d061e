import { access, constants, stat } from "node:fs/promises";

/**
 * Why a command could not be started. Only `resources_exhausted` may go away by itself; a retry of any other meets
 * the same again.
 */
export type LaunchErrorCode =
  | "argument_invalid"
  | "arguments_too_long"
  | "program_missing"
  | "program_not_executable"
  | "cwd_missing"
  | "cwd_not_a_folder"
  | "cwd_unreadable"
  | "output_unwritable"
  | "resources_exhausted"
  | "start_failed";

/** A command that was never started. The message says which program, why, and what to do; `cause` is Node's error. */
export class LaunchError extends Error {
  override readonly name = "LaunchError";
  readonly code: LaunchErrorCode;

  constructor(program: string, code: LaunchErrorCode, reason: string, cause?: unknown) {
    super(`cannot start ${quote(program)}: ${reason}`, { cause });
    this.code = code;
  }
}

/** What an explanation needs to know about the start that failed. */
export interface FailedStart {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

type Reason = readonly [LaunchErrorCode, string];

const EXHAUSTED = "Wait for other commands to end, or raise the limit (ulimit -n, ulimit -u, memory).";

/** The errors of a start whose meaning depends on nothing else. */
const REASONS: Readonly<Record<string, Reason>> = {
  ENOTDIR: ["program_missing", "a part of its path is not a folder. Check the path."],
  ELOOP: ["program_missing", "its path is a circle of symbolic links. Check the path."],
  ENAMETOOLONG: ["program_missing", "its path is longer than the system allows. Check the path."],
  ENOEXEC: ["program_not_executable", "it is not a program that this machine can run."],
  ETXTBSY: ["resources_exhausted", "its file is just being written. Try again when that is done."],
  EAGAIN: ["resources_exhausted", `the system allows no further process. ${EXHAUSTED}`],
  ENOMEM: ["resources_exhausted", `there is not enough memory. ${EXHAUSTED}`],
  EMFILE: ["resources_exhausted", `the daemon has too many files open. ${EXHAUSTED}`],
  ENFILE: ["resources_exhausted", `the system has too many files open. ${EXHAUSTED}`],
};

/** The error for a spawn that failed with `cause`. It looks at the folder and the file to tell one ENOENT from another. */
export async function explainFailedStart(start: FailedStart, cause: unknown): Promise<LaunchError> {
  const [program = ""] = start.argv;
  const errno = errnoOf(cause);
  const known = REASONS[errno ?? ""];
  const [code, reason] =
    (known?.[0] === "resources_exhausted" ? known : undefined) ??
    // The system reports an unusable working directory with the same codes as an unusable program.
    (await findFaultOfCwd(start.cwd)) ??
    known ??
    (await findFaultOfProgram(program, start, errno)) ??
    (["start_failed", `${messageOf(cause)}.`] satisfies Reason);
  return new LaunchError(program, code, reason, cause);
}

/** The error for an output file that could not be opened. */
export function explainOutput(program: string, path: string, cause: unknown): LaunchError {
  const known = REASONS[errnoOf(cause) ?? ""];
  if (known?.[0] === "resources_exhausted") return new LaunchError(program, ...known, cause);
  const reason = `its output file cannot be written (${messageOf(cause)}). Check ${quote(path)} and its folder.`;
  return new LaunchError(program, "output_unwritable", reason, cause);
}

async function findFaultOfCwd(cwd: string): Promise<Reason | undefined> {
  try {
    if (!(await stat(cwd)).isDirectory()) {
      return ["cwd_not_a_folder", `its working directory ${quote(cwd)} is not a folder. Give a folder.`];
    }
    await access(cwd, constants.X_OK);
    return undefined;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") {
      return [
        "cwd_missing",
        `its working directory ${quote(cwd)} does not exist. Create it or give another one.`,
      ];
    }
    if (errno === "ENOTDIR") {
      return [
        "cwd_not_a_folder",
        `a part of its working directory ${quote(cwd)} is not a folder. Give a folder.`,
      ];
    }
    const reason = `its working directory ${quote(cwd)} cannot be entered (${messageOf(error)}).`;
    return ["cwd_unreadable", `${reason} Change its permissions or give another one.`];
  }
}

async function findFaultOfProgram(
  program: string,
  { argv, cwd, env }: FailedStart,
  errno: string | undefined,
): Promise<Reason | undefined> {
  if (errno === "E2BIG") {
    const sizeBytes = [...argv, ...Object.entries(env).flat()].reduce(
      (sum, part) => sum + Buffer.byteLength(part),
      0,
    );
    const size = `its arguments and environment (${sizeBytes} bytes) are longer than the system allows`;
    return ["arguments_too_long", `${size}. Pass long text on stdin or in a file.`];
  }
  if (errno === "EACCES" || errno === "EPERM") {
    const fault =
      "it is there but may not be run: it is a folder, lacks the x permission, or lies on a noexec mount";
    return ["program_not_executable", `${fault}. Check it with ls -l.`];
  }
  if (errno !== "ENOENT") return undefined;
  if (!program.includes("/")) {
    const places = env["PATH"] === undefined ? "the system's default PATH" : `PATH (${env["PATH"]})`;
    return [
      "program_missing",
      `there is no such program in ${places}. Check its name or give its full path.`,
    ];
  }
  const exists = await stat(program.startsWith("/") ? program : `${cwd}/${program}`).then(
    Boolean,
    () => false,
  );
  return exists
    ? [
        "program_missing",
        "the interpreter that its first line names, or its loader, does not exist. Install it.",
      ]
    : ["program_missing", "there is no such file. Check the path."];
}

function errnoOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Quoted, with control characters spelled out, and short enough for one line. */
function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
