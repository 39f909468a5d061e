import { spawn } from "node:child_process";
import { homedir } from "node:os";

import { baseEnvironment } from "./environment.js";
import { stopGroup } from "./stop.js";

/** A program of the user's that is to be told something. */
export interface HookRequest {
  /** The program and its arguments; never a shell string. */
  readonly argv: readonly string[];
  /** What it reads from its standard input. */
  readonly input: string;
  /** Beside the few variables that nearly every program wants. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Stops it. */
  readonly signal: AbortSignal;
}

/** So much of what it complains about is told. */
const TOLD_CHARACTERS = 600;
const GRACE_MS = 500;
/** How long what it wrote last may take to arrive after its end: whoever left it may keep the pipe open. */
const LAST_WORDS_MS = 100;

/**
 * Runs a program in a group of its own, in the user's home, with an input, and waits for its end; then, or when its time is
 * up, the whole group is stopped. What it writes to standard output is dropped.
 *
 * Answers what went wrong, in one line; undefined where it ended with 0.
 */
export async function runHook({
  argv,
  input,
  env,
  timeoutMs,
  signal,
}: HookRequest): Promise<string | undefined> {
  if (signal.aborted) return "the daemon is stopping";
  const [program = "", ...args] = argv;
  const child = spawn(program, args, {
    cwd: homedir(),
    env: { ...baseEnvironment(process.env), ...env },
    detached: true,
    stdio: ["pipe", "ignore", "pipe"],
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    if (complaint.length < TOLD_CHARACTERS) complaint += piece;
  });
  // A program need not read its input.
  child.stdin.on("error", () => undefined).end(input);
  const closed = new Promise((resolve) => child.once("close", resolve));
  let stopped: string | undefined;
  const stop = (why: string): void => {
    stopped ??= why;
    if (child.pid !== undefined) void stopGroup(child.pid, { graceMs: GRACE_MS });
  };
  const onAbort = (): void => stop("the daemon is stopping");
  const timer = setTimeout(() => stop(`it took longer than ${timeoutMs} ms`), timeoutMs);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const fault = await endOf(child);
    if (child.pid !== undefined) await stopGroup(child.pid, { graceMs: GRACE_MS });
    await Promise.race([closed, lastWords()]);
    const said = told(complaint);
    return stopped ?? (fault === undefined || said === "" ? fault : `${fault}: ${said}`);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    child.stderr.destroy();
  }
}

function endOf(child: ReturnType<typeof spawn>): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "ENOENT" ? "there is no such program" : error.message);
    });
    child.once("exit", (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(code === null ? `it was ended by ${signal ?? "a signal"}` : `it ended with ${code}`);
    });
  });
}

function lastWords(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, LAST_WORDS_MS).unref());
}

function told(complaint: string): string {
  return complaint
    .slice(0, TOLD_CHARACTERS)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
}
