import type { Client, CommandHandle, CommandShape } from "../../../client/index.js";
import { CommandHandle as Handle } from "../../../client/index.js";
import { CliError } from "../cliError.js";
import { findCommand } from "../commandRef.js";
import { reportCommand } from "../commandReport.js";
import { passStreams, type OutputStream } from "../commandStreams.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { counted } from "../humane.js";
import { commandExitCode } from "../runOutcome.js";

interface AttachOptions {
  readonly from?: "start" | "now";
  readonly stdin?: boolean;
}

/** Follows a command from any terminal, and ends as it ended. Ctrl-C leaves it alone and running. */
export const attach: Verb<AttachOptions> = (context, { from = "start", stdin = false }, [given = ""]) =>
  context.withClient(async (client) => {
    const { command, others } = await findCommand(client, given);
    if (stdin) requireInput(command);
    const handle = new Handle(client.call, command.commandId);
    const leaving = new AbortController();
    const leave = (): void => leaving.abort();
    process.once("SIGINT", leave);
    try {
      if (command.endedAt === undefined) await greet(context, command, others);
      const isRead = await passStreams(client, handle, {
        outputs: await outputsOf(context, client, command, from),
        input: stdin ? context.io.stdin : undefined,
        signal: leaving.signal,
        // It is nobody's business here to end it.
        onGone: () => Promise.resolve(leave()),
      });
      if (!isRead) return EXIT.brokenPipe;
      if (leaving.signal.aborted) return await detach(context, handle);
      const ended = await handle.get();
      await reportCommand(context, ended);
      return commandExitCode(ended);
    } finally {
      process.off("SIGINT", leave);
    }
  });

async function outputsOf(
  { globals, out, err }: Context,
  client: Client,
  { commandId, mergeStderr }: CommandShape,
  from: "start" | "now",
): Promise<OutputStream[]> {
  // With --json standard output is for the result alone.
  if (globals.json) return [];
  const sizeOf = async (stream: "stdout" | "stderr"): Promise<number> =>
    from === "start" ? 0 : (await client.command.output({ commandId, stream, limitBytes: 4 })).sizeBytes;
  const stdout: OutputStream = { stream: "stdout", to: out, sinceBytes: await sizeOf("stdout") };
  if (mergeStderr === true) return [stdout];
  return [stdout, { stream: "stderr", to: err, sinceBytes: await sizeOf("stderr") }];
}

function requireInput({ openStdin, commandId }: CommandShape): void {
  if (openStdin === true) return;
  throw new CliError(`Command ${commandId} was started without an open input.`, {
    type: "input_closed",
    exitCode: EXIT.failure,
    hint: "leave --stdin out; input is passed to what was started with some, such as: sessiond run -- cat",
  });
}

/** To a person alone: standard error is the command's. */
async function greet(context: Context, command: CommandShape, others: number): Promise<void> {
  const { commandId, argv } = command;
  const more = others === 0 ? "" : `; ${counted(others, "other command runs", "other commands run")} there`;
  await say(context, `follows ${argv[0] ?? ""} (${commandId})${more}. Ctrl-C leaves it running.`);
}

async function detach(context: Context, { commandId }: CommandHandle): Promise<number> {
  await say(context, `${commandId} runs on. To follow it again: sessiond attach ${commandId}`);
  return EXIT.interrupted;
}

async function say({ io, err, paint, globals }: Context, text: string): Promise<void> {
  if (globals.json || io.stderr.isTTY !== true) return;
  await err.write(`${paint("dim", `sessiond: ${text}`)}\n`).catch(() => undefined);
}
