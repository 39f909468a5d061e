import type { Command } from "commander";
import { CommanderError } from "commander";

import { CliError } from "./cliError.js";
import type { Globals, Io } from "./context.js";
import { EXIT } from "./exitCodes.js";
import { Output } from "./output.js";
import { hasColor } from "./paint.js";
import type { Call } from "./plainCall.js";
import { programOf } from "./program.js";
import type { VerbSpec } from "./verb.js";

/**
 * Runs a call that `readPlainCall` left aside, and answers its exit code: help, settings, and whatever is wrong.
 *
 * @throws {CliError} for a call that is wrong.
 */
export async function runByCommander(
  argv: readonly string[],
  io: Io,
  verbs: readonly VerbSpec[],
  perform: (call: Call) => Promise<number>,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = programOf(verbs, async (spec, command) => {
    const globals = globalsOf(program, command);
    exitCode = await perform({ spec, globals, options: command.opts(), args: command.args });
  });
  const help: string[] = [];
  const listen = (command: Command): void => {
    command.configureOutput({
      writeOut: (text) => help.push(text),
      // Usage errors come as exceptions as well, and are told by the caller like all others.
      writeErr: () => undefined,
      getOutHasColors: () => hasColor({ wanted: true, isTerminal: io.stdout.isTTY === true, env: io.env }),
    });
    command.exitOverride();
    command.commands.forEach(listen);
  };
  listen(program);
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw usageError(error, argv, verbs);
  }
  if (help.length > 0) await new Output(io.stdout as NodeJS.WriteStream).write(help.join(""));
  return exitCode;
}

/** The options for all verbs, from before the verb and from after it. */
function globalsOf(program: Command, command: Command): Globals {
  const before = program.opts<Partial<Globals>>();
  const after = command.opts<Partial<Globals>>();
  return {
    socket: after.socket ?? before.socket,
    dataDir: after.dataDir ?? before.dataDir,
    config: after.config ?? before.config,
    json: after.json === true || before.json === true,
    color: after.color !== false && before.color !== false,
  };
}

function usageError(
  { code, message }: CommanderError,
  argv: readonly string[],
  verbs: readonly VerbSpec[],
): CliError {
  const verb = argv.find((word) => verbs.some(({ name, alias }) => word === name || word === alias));
  const operands = argv.filter((word) => !word.startsWith("-"));
  // The only help that is an error is that for a verb which there is not.
  const isUnknownVerb = code === "commander.help";
  return new CliError(
    isUnknownVerb ? `there is no verb '${operands[1] ?? ""}'` : message.replace(/^error: /, ""),
    {
      type: "usage",
      hint: verb === undefined ? "see: sessiond help" : `see: sessiond help ${verb}`,
      exitCode: EXIT.usage,
    },
  );
}
