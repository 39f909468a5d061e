import type { Result } from "../../../client/index.js";
import { ask } from "../ask.js";
import { CliError } from "../cliError.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { followLog, lastLines, logFiles, logLink, sessionLogLinks } from "../logFiles.js";
import { hasColor } from "../paint.js";
import { settle } from "../whereabouts.js";

interface LogsOptions {
  readonly follow?: boolean;
  readonly lines?: number;
}

const ANSWER_WITHIN_MS = 1_000;
const DEFAULT_LINES = 50;
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Prints the daemon's log, or that of one session, also when no daemon runs: then it is wanted most. A session
 * without a log of its own is looked for in the daemon's.
 */
export const logs: Verb<LogsOptions> = async (context, options, [session]) => {
  const { logDir, isRunning } = await findLog(context);
  const { lines: count = DEFAULT_LINES, follow = false } = options;
  const print = await printer(context);
  let sessionId: string | undefined;
  if (session !== undefined && isRunning) {
    const asked = await tailKnown(context, session, { lines: count, follow }, print);
    if (asked.isDone) return EXIT.ok;
    ({ sessionId } = asked);
  }
  const log = await filesOf(logDir, session, isRunning);
  if (log.files.length === 0) throw noLog(logDir);
  const isWanted = session === undefined || log.link !== undefined ? () => true : about(session, sessionId);
  const { lines, position } = await lastLines(log.files, count, isWanted);
  const isKnown = session === undefined || sessionId !== undefined || log.link !== undefined;
  if (!isKnown && !follow && lines.length === 0 && count > 0) throw noLine(session, isRunning);
  for (const line of lines) await print(line);
  if (!follow) return EXIT.ok;
  for await (const line of followLog(logDir, position, log.link)) if (isWanted(line)) await print(line);
  return EXIT.ok;
};

/** Asks the daemon for the session's own log. It is not done where the daemon has no such session, or no lines. */
async function tailKnown(
  context: Context,
  given: string,
  options: { readonly lines: number; readonly follow: boolean },
  print: (line: string) => Promise<void>,
): Promise<{ readonly isDone: boolean; readonly sessionId?: string }> {
  const { findSession } = await import("../sessionRef.js");
  const { tailSession } = await import("../sessionTail.js");
  try {
    return await context.withClient(async (client) => {
      const { sessionId } = await findSession(client, given);
      const tell = (text: string): Promise<void> => context.err.write(`sessiond: ${text}\n`);
      return { sessionId, isDone: await tailSession(client, { sessionId, ...options }, print, tell) };
    });
  } catch (error) {
    if (error instanceof CliError && error.type === "session_not_found") return { isDone: false };
    throw error;
  }
}

/**
 * The files to read: without a daemon the session's own where it has some, else the daemon's.
 *
 * @throws {CliError} when more than one session begins so.
 */
async function filesOf(
  logDir: string,
  session: string | undefined,
  isRunning: boolean,
): Promise<{ readonly files: readonly string[]; readonly link?: string }> {
  if (session !== undefined && ID.test(session) && !isRunning) {
    const [link, ...others] = await noneIfMissing(sessionLogLinks(logDir, session));
    if (others.length > 0) throw ambiguous(session);
    const files = link === undefined ? [] : await noneIfMissing(logFiles(logDir, link));
    if (link !== undefined && files.length > 0) return { files, link };
  }
  return { files: await noneIfMissing(logFiles(logDir)) };
}

async function noneIfMissing(names: Promise<string[]>): Promise<string[]> {
  try {
    return await names;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

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
function about(given: string, sessionId: string | undefined): (line: string) => boolean {
  // As JSON writes it: the quote at the end tells the whole id from a beginning.
  const mark = sessionId === undefined ? `"sessionId":"${given}` : `"sessionId":"${sessionId}"`;
  return (line) => line.includes(mark);
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

function ambiguous(given: string): CliError {
  return new CliError(`More than one session with a log begins with ${JSON.stringify(given)}.`, {
    type: "ambiguous",
    exitCode: EXIT.failure,
    hint: "give more of the id",
  });
}

function noLine(given: string, isRunning: boolean): CliError {
  return new CliError(`No line of the log is about a session ${JSON.stringify(given)}.`, {
    type: "session_not_found",
    exitCode: EXIT.failure,
    hint: isRunning
      ? "see those that there are with: sessiond list --all"
      : "no daemon runs, so a session is known by its id alone, or the beginning of it",
  });
}

function noLog(logDir: string): CliError {
  return new CliError(`There is no log yet: ${logLink(logDir)} does not exist.`, {
    type: "no_log",
    exitCode: EXIT.failure,
    hint: "the daemon begins it; start it with: sessiond start",
  });
}
