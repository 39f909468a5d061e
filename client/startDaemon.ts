import { spawn } from "node:child_process";

import { StartFailedError } from "./errors.js";
import { ownProgram } from "./ownPackage.js";

/** As much of what a failed start says as goes into the error. */
const SAID_LENGTH = 2_000;

/** The command that starts the daemon that this client came with. */
export function ownStartCommand(): string[] {
  return [process.execPath, ownProgram(), "start", "--detach"];
}

/**
 * Runs the command that starts the daemon, to its end; the daemon itself goes on.
 *
 * @param socket where the daemon is to listen; handed over as `SESSIOND_SOCKET`.
 * @throws {StartFailedError} when the command fails, or takes longer than `timeoutMs`.
 */
export async function startDaemon(
  command: readonly string[],
  socket: string,
  timeoutMs: number,
): Promise<void> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    env: { ...process.env, SESSIOND_SOCKET: socket },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: timeoutMs,
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-SAID_LENGTH);
  });
  const outcome = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    // Not `close`: that would wait for everybody who inherited the pipe, the daemon perhaps.
    child.once("exit", (code, signal) => resolve(code === 0 ? "" : `it ended with ${code ?? signal}`));
  });
  child.stderr.destroy();
  if (outcome === "") return;
  throw new StartFailedError(
    `\`${command.join(" ")}\` did not start sessiond: ${outcome}\n${said}`.trimEnd(),
  );
}
