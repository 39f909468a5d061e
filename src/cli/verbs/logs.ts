import type { Result } from "../../../client/index.js";
import { ask } from "../ask.js";
import { CliError } from "../cliError.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { followLog, lastLines, logFiles, logLink } from "../logFiles.js";
import { hasColor } from "../paint.js";
import { settle } from "../whereabouts.js";

interface LogsOptions {
  readonly follow?: boolean;
  readonly lines?: number;
}

const ANSWER_WITHIN_MS = 1_000;
const DEFAULT_LINES = 50;

/** Prints the daemon's log, also when no daemon runs: then it is wanted most. */
export const logs: Verb<LogsOptions> = async (context, options, [session]) => {
  const { logDir, isRunning } = await findLog(context);
  const files = await logFiles(logDir).catch(() => []);
  if (files.length === 0) throw noLog(logDir);
  const isWanted = session === undefined ? () => true : await linesOf(context, session, isRunning);
  const print = await printer(context);
  const { lines, position } = await lastLines(files, options.lines ?? DEFAULT_LINES, isWanted);
  for (const line of lines) await print(line);
  if (options.follow !== true) return EXIT.ok;
  for await (const line of followLog(logDir, position)) if (isWanted(line)) await print(line);
  return EXIT.ok;
};

/** The running daemon knows best where its log is; without one the configuration says where it would be. */
async function findLog(context: Context): Promise<{ readonly logDir: string; readonly isRunning: boolean }> {
  const asked = await ask(await context.socket(), "daemon/status", ANSWER_WITHIN_MS);
  const { logDir } = asked.state === "answered" ? (asked.result as Partial<Result<"daemon/status">>) : {};
  if (logDir !== undefined) return { logDir, isRunning: true };
  return { logDir: (await settle(context.globals, context.io.env)).places.logDir, isRunning: false };
}

/**
 * Which lines are about a session. One that the daemon does not know, since it was deleted or since none runs, is
 * looked for by its id, or the beginning of it.
 */
async function linesOf(
  context: Context,
  given: string,
  isRunning: boolean,
): Promise<(line: string) => boolean> {
  const sessionId = isRunning ? await idOf(context, given) : undefined;
  // As JSON writes it: the quote at the end tells the whole id from a beginning.
  const mark = sessionId === undefined ? `"sessionId":"${given}` : `"sessionId":"${sessionId}"`;
  return (line) => line.includes(mark);
}

async function idOf(context: Context, given: string): Promise<string | undefined> {
  const { findSession } = await import("../sessionRef.js");
  try {
    return await context.withClient(async (client) => (await findSession(client, given)).sessionId);
  } catch (error) {
    if (error instanceof CliError && error.type === "session_not_found") return undefined;
    throw error;
  }
}

async function printer({ globals, io, out }: Context): Promise<(line: string) => Promise<void>> {
  if (globals.json) return (line) => out.write(`${line}\n`);
  const { prettyFactory } = await import("pino-pretty");
  const pretty = prettyFactory({
    colorize: hasColor({ wanted: globals.color, isTerminal: io.stdout.isTTY === true, env: io.env }),
    ignore: "pid",
    translateTime: "SYS:yyyy-mm-dd HH:MM:ss.l",
    singleLine: true,
  });
  return (line) => out.write(pretty(line));
}

function noLog(logDir: string): CliError {
  return new CliError(`There is no log yet: ${logLink(logDir)} does not exist.`, {
    type: "no_log",
    exitCode: EXIT.failure,
    hint: "the daemon begins it; start it with: sessiond start",
  });
}
