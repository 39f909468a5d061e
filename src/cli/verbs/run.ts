import { basename, resolve } from "node:path";

import type { Client, CommandShape, StartOptions } from "../../../client/index.js";
import { Session } from "../../../client/index.js";
import { CliError } from "../cliError.js";
import { reportCommand } from "../commandReport.js";
import { passStreams } from "../commandStreams.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { commandExitCode, commandFailure } from "../runOutcome.js";
import { SignalForwarder } from "../runSignals.js";
import { findSession } from "../sessionRef.js";
import { isSameSink, isSource } from "../sink.js";

interface RunOptions {
  readonly name?: string;
  readonly session?: string;
  /** Of the new session. */
  readonly template?: string;
  /** Milliseconds, of each try. */
  readonly timeout?: number;
  readonly retries?: number;
  readonly cwd?: string;
  /** Bytes. */
  readonly memory?: number;
  readonly processes?: number;
  readonly cpu?: number;
}

/** Longest purpose and name that the protocol takes, in characters. */
const TEXT_LENGTH = 4_096;
const LABEL_LENGTH = 256;

/** Runs a command in a session, with its output here, and ends as it ended. */
export const run: Verb<RunOptions> = (context, options, argv) =>
  context.withClient(async (client) => {
    const signals = new SignalForwarder(client);
    try {
      const { sessionId, isOwn } = await sessionFor(client, options, argv);
      try {
        const { command, isRead } = await perform(context, client, signals, { sessionId, argv, options });
        if (isOwn) await endAs(client, command);
        await reportCommand(context, command);
        return isRead ? commandExitCode(command) : EXIT.brokenPipe;
      } catch (error) {
        // The command was refused, or the daemon went away: the session may be past ending, and the error counts.
        const reason = error instanceof Error ? error.message.slice(0, TEXT_LENGTH) : "";
        if (isOwn) await client.session.end({ sessionId, status: "failed", reason }).catch(() => undefined);
        throw error;
      }
    } finally {
      signals.close();
    }
  });

async function sessionFor(
  client: Client,
  { name, session, template, cwd }: RunOptions,
  argv: readonly string[],
): Promise<{ readonly sessionId: string; readonly isOwn: boolean }> {
  if (session !== undefined && template !== undefined)
    throw new CliError("--session and --template do not go together: that session has been made already.", {
      type: "usage",
      exitCode: EXIT.usage,
    });
  if (session !== undefined)
    return { sessionId: (await findSession(client, session)).sessionId, isOwn: false };
  // What a template says counts for more than what is taken from the command, and less than what somebody asked for.
  const { defaults } = template === undefined ? {} : await client.template.get({ templateId: template });
  const { sessionId } = await client.session.create({
    template,
    name: (name ?? defaults?.name ?? basename(argv[0] ?? "")).slice(0, LABEL_LENGTH) || "run",
    purpose: defaults?.purpose ?? argv.join(" ").slice(0, TEXT_LENGTH),
    workingDirectory: cwd === undefined ? (defaults?.workingDirectory ?? resolve(".")) : resolve(cwd),
  });
  return { sessionId, isOwn: true };
}

interface Task {
  readonly sessionId: string;
  readonly argv: readonly string[];
  readonly options: RunOptions;
}

/** Starts the command and stays until it has ended and all of its output was passed on. */
async function perform(
  context: Context,
  client: Client,
  signals: SignalForwarder,
  { sessionId, argv, options }: Task,
): Promise<{ command: CommandShape; isRead: boolean }> {
  const { globals, io, out, err } = context;
  // Not `client.open`: an id that somebody chose could be a name as well, and a session that is over makes a new one.
  const session = new Session(client, await client.session.get({ sessionId }));
  const start = startOptions(context, options);
  // Leaving it is this file's business, and another's session is not ended at all.
  const handle = await session.start(argv, start).finally(() => session.detach());
  signals.to(handle.commandId);
  const stdout = { stream: "stdout", to: out } as const;
  const outputs = start.mergeStderr === true ? [stdout] : [stdout, { stream: "stderr", to: err } as const];
  const isRead = await passStreams(client, handle, {
    // With --json standard output is for the result alone; the output can be read with `command/output`.
    outputs: globals.json ? [] : outputs,
    input: start.openStdin === true ? io.stdin : undefined,
    // What a pipe without a reader does to a program, SIGPIPE.
    onGone: async () => void (await handle.signal("SIGTERM").catch(() => undefined)),
  });
  return { command: await handle.wait(), isRead };
}

function startOptions(
  { io, globals }: Context,
  { timeout, retries, cwd, memory, processes, cpu }: RunOptions,
): StartOptions {
  const isMerged = !globals.json && isSameSink(io.stdout, io.stderr);
  const limits = { memoryBytes: memory, processes, cpuPercent: cpu };
  return {
    ...(Object.values(limits).every((limit) => limit === undefined) ? {} : { limits }),
    ...(timeout === undefined ? {} : { startToCloseMs: timeout }),
    ...(retries === undefined ? {} : { retry: { maxAttempts: retries + 1 } }),
    ...(cwd === undefined ? {} : { cwd: resolve(cwd) }),
    // What one try has read cannot be given to the next.
    ...((retries ?? 0) === 0 && isSource(io.stdin) ? { openStdin: true } : {}),
    // Both end in one place: there the order of the two can be seen, so it has to be that of the writes.
    ...(isMerged ? { mergeStderr: true } : {}),
    ...terminalSize(io),
  };
}

/** The command sees no terminal; many programs take its size from here, and write as wide as people can read. */
function terminalSize({ stdout, env }: Context["io"]): Pick<StartOptions, "env"> {
  const { columns, rows } = stdout as Partial<Record<"columns" | "rows", number>>;
  if (stdout.isTTY !== true || columns === undefined || rows === undefined) return {};
  const whole = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { env: { COLUMNS: String(columns), LINES: String(rows), ...Object.fromEntries(whole) } };
}

async function endAs(client: Client, command: CommandShape): Promise<void> {
  const { sessionId } = command;
  if (command.status === "succeeded") await client.session.end({ sessionId, status: "completed" });
  else {
    const reason = commandFailure(command).slice(0, TEXT_LENGTH);
    // It may have ended by a limit of its own, together with the command.
    await client.session.end({ sessionId, status: "failed", reason }).catch(() => undefined);
  }
}
