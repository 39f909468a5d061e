import { basename, resolve } from "node:path";

import type { Client, CommandShape, StartOptions } from "../../../client/index.js";
import { Session } from "../../../client/index.js";
import { CliError } from "../cliError.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { OutputGoneError } from "../output.js";
import { commandExitCode, commandFailure } from "../runOutcome.js";
import { copyOutput } from "../runOutput.js";
import { SignalForwarder } from "../runSignals.js";
import { findSession } from "../sessionRef.js";

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
        await report(context, command);
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
  // Not `client.open`: an id that somebody chose could be a name as well, and a session that is over makes a new one.
  const session = new Session(client, await client.session.get({ sessionId }));
  // Leaving it is this file's business, and another's session is not ended at all.
  const handle = await session.start(argv, startOptions(options)).finally(() => session.detach());
  signals.to(handle.commandId);
  let isRead = true;
  const pass = async (stream: "stdout" | "stderr"): Promise<void> => {
    const output = stream === "stdout" ? context.out : context.err;
    try {
      await copyOutput(client, handle.commandId, stream, output);
    } catch (error) {
      if (!(error instanceof OutputGoneError)) throw error;
      // What a pipe without a reader does to a program, SIGPIPE.
      isRead = false;
      await handle.signal("SIGTERM").catch(() => undefined);
    }
  };
  // With --json standard output is for the result alone; the output can be read with `command/output`.
  if (!context.globals.json) await Promise.all([pass("stdout"), pass("stderr")]);
  return { command: await handle.wait(), isRead };
}

function startOptions({ timeout, retries, cwd, memory, processes, cpu }: RunOptions): StartOptions {
  const limits = { memoryBytes: memory, processes, cpuPercent: cpu };
  return {
    ...(Object.values(limits).every((limit) => limit === undefined) ? {} : { limits }),
    ...(timeout === undefined ? {} : { startToCloseMs: timeout }),
    ...(retries === undefined ? {} : { retry: { maxAttempts: retries + 1 } }),
    ...(cwd === undefined ? {} : { cwd: resolve(cwd) }),
  };
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

/** Says what the output does not show; standard error is the command's own, so only to a person. */
async function report({ globals, io, out, err, paint }: Context, command: CommandShape): Promise<void> {
  if (globals.json) return out.write(`${JSON.stringify(command)}\n`);
  const isPlain = command.cause === "exited" && command.attempt === 1;
  const isTold = command.cause === "start_failed" || (!isPlain && io.stderr.isTTY === true);
  if (isTold)
    await err.write(`${paint("dim", "sessiond:")} ${commandFailure(command)}\n`).catch(() => undefined);
}
