import { spawn } from "node:child_process";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

import type { Result } from "../../client/index.js";
import { ownProgram } from "../../client/ownPackage.js";
import { until } from "./alive.js";
import { ask } from "./ask.js";
import { CliError } from "./cliError.js";
import { EXIT } from "./exitCodes.js";

/**
 * Room for what lives as long as one turn of the disk: with Node's own 16 MiB much of it is moved to the old
 * heap before it dies. Writes of many clients gain by it; it is taken only under load.
 */
const NODE_FLAGS = ["--max-semi-space-size=32"];

/** How to start a daemon as a process of its own. */
export interface ChildRequest {
  /** What follows `sessiond start`. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Gets what the process prints. A file, because a pipe would end with the one who reads it. */
  readonly outputFile: string;
  /** Whether it goes on when this process and its terminal are gone. */
  readonly detached: boolean;
}

/** A daemon that was started. */
export interface DaemonChild {
  /** 0 when there is none, because it could not be started. */
  readonly pid: number;
  /** Its exit code or the signal that ended it, once there is one. */
  readonly end: () => number | NodeJS.Signals | undefined;
  /** What it has printed so far. */
  readonly said: () => string;
}

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;

/**
 * Starts a daemon. It does not hold this process. Nothing is awaited, so that there is no moment in which it runs
 * and nobody knows its pid.
 */
export function startChild({ flags, env, outputFile, detached }: ChildRequest): DaemonChild {
  const output = openSync(outputFile, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
  const startsAt = fstatSync(output).size;
  let end: number | NodeJS.Signals | undefined;
  let failure = "";
  try {
    const child = spawn(process.execPath, [...NODE_FLAGS, ownProgram(), "start", "--quiet", ...flags], {
      // A background process that stays in somebody's folder keeps its file system from being unmounted.
      cwd: "/",
      env,
      detached,
      stdio: ["ignore", output, output],
    });
    child.once("exit", (code, signal) => (end = code ?? signal ?? EXIT.failure));
    child.once("error", (error) => {
      failure = error.message;
      end = EXIT.failure;
    });
    child.unref();
    return {
      pid: child.pid ?? 0,
      end: () => end,
      said: () => `${failure}${readFileSync(outputFile).subarray(startsAt).toString("utf8")}`.trim(),
    };
  } finally {
    closeSync(output);
  }
}

/**
 * Waits until the daemon answers, whoever started it.
 *
 * @throws {CliError} with what the child said when it ended, or when the time is up.
 */
export async function untilAnswers(
  child: DaemonChild,
  socket: string,
  withinMs: number,
): Promise<Result<"daemon/status">> {
  const status = await until(async () => {
    const asked = await ask(socket, "daemon/status", withinMs);
    if (asked.state === "answered") return asked.result as Result<"daemon/status">;
    const end = child.end();
    if (end === undefined || end === EXIT.ok) return false;
    throw new CliError(`The daemon did not start: ${whatItSaid(child) || `it ended with ${end}`}`, {
      type: "start_failed",
      exitCode: typeof end === "number" ? end : EXIT.failure,
    });
  }, withinMs);
  if (status !== false) return status;
  throw new CliError(
    `The daemon (pid ${child.pid}) does not answer on ${socket} yet. ${whatItSaid(child)}`.trim(),
    {
      type: "not_answering",
      exitCode: EXIT.tryAgain,
      hint: "a long journal takes its time; `sessiond logs -f` shows how far it is",
    },
  );
}

/** As much of it as belongs into an error. */
function whatItSaid(child: DaemonChild): string {
  return child
    .said()
    .slice(-2_000)
    .replace(/^sessiond: /, "");
}
