/** The processes that the bench starts: each is known by its pid, and none outlives the bench. */
import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const LOOK_AGAIN_MS = 10;
const SAID_LENGTH = 2_000;

/** Pids that have to be gone at the end. */
const running = new Set();

process.on("exit", () => {
  for (const pid of running) kill(pid);
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(130));

/**
 * Starts a program that goes on until `stop`.
 *
 * @param {readonly string[]} argv the program and its arguments
 * @param {NodeJS.ProcessEnv} env all of its environment
 * @returns {Child}
 *
 * @typedef {object} Child
 * @property {number} pid
 * @property {() => boolean} hasEnded
 * @property {() => string} said the end of what it wrote to standard error
 * @property {NodeJS.ReadableStream} stdout
 * @property {() => Promise<void>} stop SIGKILL; resolves when it is gone
 */
export function startChild([program, ...argv], env) {
  const child = spawn(program, argv, { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let hasEnded = false;
  child.stdout.resume();
  child.stderr.setEncoding("utf8").on("data", (text) => (said = (said + text).slice(-SAID_LENGTH)));
  const gone = new Promise((resolve) => {
    const end = (error) => {
      hasEnded = true;
      running.delete(child.pid);
      if (error instanceof Error) said += error.message;
      resolve();
    };
    child.once("exit", end).once("error", end);
  });
  if (child.pid !== undefined) running.add(child.pid);
  return {
    pid: child.pid ?? 0,
    hasEnded: () => hasEnded,
    said: () => said.trim(),
    stdout: child.stdout,
    stop: async () => {
      if (!hasEnded) child.kill("SIGKILL");
      await gone;
    },
  };
}

/** A process that another one put into the background: it is stopped like our own. @returns {Child} */
export function adoptChild(pid) {
  running.add(pid);
  return {
    pid,
    hasEnded: () => isGone(pid),
    said: () => "",
    stdout: undefined,
    stop: async () => {
      kill(pid);
      while (!isGone(pid)) await pause(LOOK_AGAIN_MS);
      running.delete(pid);
    },
  };
}

/**
 * Runs a program to its end, and answers what it printed.
 *
 * @throws where it fails or takes too long, with what it said
 */
export async function runToEnd([program, ...argv], env, timeoutMs = 600_000) {
  const options = { env, timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: 64 * 1024 * 1024 };
  const run = promisify(execFile)(program, argv, options);
  const { pid } = run.child;
  running.add(pid);
  try {
    return (await run).stdout;
  } catch (error) {
    const said = String(error.stderr ?? "").trim();
    throw new Error(`${program} failed: ${said.slice(-SAID_LENGTH) || error.message}`, { cause: error });
  } finally {
    running.delete(pid);
  }
}

function kill(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

/** A dead process that nobody has waited for yet is gone too. */
function isGone(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).startsWith("Z");
  } catch {
    return true;
  }
}
