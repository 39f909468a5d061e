import type { Result } from "../../../client/index.js";
import { isAlive, until } from "../alive.js";
import { ask, unanswered } from "../ask.js";
import { CliError } from "../cliError.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";

interface StopOptions {
  /** Milliseconds. */
  readonly timeout?: number;
  /** Whether running commands are ended, too. */
  readonly commands?: boolean;
}

const ANSWER_WITHIN_MS = 5_000;
const STOP_WITHIN_MS = 30_000;

/** Stops the daemon; commands go on where they can. That none runs is no error: then what was asked for is so. */
export const stop: Verb<StopOptions> = async (context, { timeout = STOP_WITHIN_MS, commands = false }) => {
  const pid = await stopDaemon(context, timeout, commands ? "stop" : "keep");
  await context.print({ stopped: pid !== undefined, ...(pid === undefined ? {} : { pid }) }, () =>
    pid === undefined ? "sessiond is not running.\n" : `sessiond (pid ${pid}) has stopped.\n`,
  );
  return EXIT.ok;
};

/**
 * Stops the daemon and waits until it is gone: its socket does not answer and its process has ended.
 *
 * @returns its pid, or undefined when none was running.
 */
export async function stopDaemon(
  context: Context,
  withinMs = STOP_WITHIN_MS,
  commands: "keep" | "stop" = "keep",
): Promise<number | undefined> {
  const socket = await context.socket();
  const asked = await ask(socket, "daemon/status", ANSWER_WITHIN_MS);
  if (asked.state === "absent") return undefined;
  if (asked.state !== "answered") throw unanswered(socket, asked);
  const { pid } = asked.result as Result<"daemon/status">;
  // Whether the answer still came through does not matter: that it is gone does.
  await ask(socket, "daemon/shutdown", ANSWER_WITHIN_MS, commands === "stop" ? { commands } : undefined);
  const isGone = await until(async () => {
    if (isAlive(pid)) return false;
    return (await ask(socket, "daemon/ping", ANSWER_WITHIN_MS)).state === "absent";
  }, withinMs);
  if (isGone) return pid;
  throw new CliError(`The daemon (pid ${pid}) has not ended within ${withinMs / 1_000} s.`, {
    type: "not_stopped",
    exitCode: EXIT.failure,
    hint: `see \`sessiond logs\`; \`kill -9 ${pid}\` ends it at once, and nothing acknowledged is lost by it`,
  });
}
