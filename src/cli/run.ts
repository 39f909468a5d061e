import type { Command } from "commander";
import { CommanderError } from "commander";

import type { Globals, Io } from "./context.js";
import { contextOf } from "./context.js";
import { EXIT } from "./exitCodes.js";
import { Output, OutputGoneError } from "./output.js";
import { hasColor, paintOf } from "./paint.js";
import { programOf } from "./program.js";
import type { VerbSpec } from "./verb.js";
import { VERBS } from "./verbTable.js";

/**
 * Runs one call of the command line and answers its exit code. Never throws: what goes wrong is printed, without
 * a stack.
 *
 * @param argv what follows the program's name.
 */
export async function runCli(
  argv: readonly string[],
  io: Io,
  verbs: readonly VerbSpec[] = VERBS,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = programOf(verbs, async (spec, command) => {
    const verb = await spec.load();
    const options = command.opts();
    exitCode = await verb(contextOf(io, globalsOf(program, command)), options as never, command.args);
  });
  const help: string[] = [];
  const listen = (command: Command): void => {
    command.configureOutput({
      writeOut: (text) => help.push(text),
      // Usage errors come as exceptions as well, and are told below like all others.
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
    if (!(error instanceof CommanderError) || error.exitCode !== 0) return await tell(error, argv, io);
  }
  try {
    if (help.length > 0) await new Output(io.stdout as NodeJS.WriteStream).write(help.join(""));
    return exitCode;
  } catch {
    return EXIT.brokenPipe;
  }
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

/** Prints what went wrong and answers the exit code for it. */
async function tell(error: unknown, argv: readonly string[], io: Io): Promise<number> {
  if (error instanceof OutputGoneError) return EXIT.brokenPipe;
  const { failureOf } = await import("./failures.js");
  const failure = error instanceof CommanderError ? usageFailure(error, argv) : failureOf(error);
  const { exitCode, ...said } = failure;
  const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  const paint = paintOf({
    wanted: !own.includes("--no-color"),
    isTerminal: io.stderr.isTTY === true,
    env: io.env,
  });
  const [first = "", ...rest] = failure.message.split("\n");
  const lines = [
    `${paint("red", "sessiond:")} ${first}`,
    ...rest.map((line) => `  ${line}`),
    ...(failure.hint === undefined ? [] : [paint("dim", `  hint: ${failure.hint}`)]),
  ];
  const text = own.includes("--json") ? JSON.stringify({ error: { ...said, exitCode } }) : lines.join("\n");
  // Nobody may be listening there; then the exit code has to say it.
  await ignoringGone(new Output(io.stderr as NodeJS.WriteStream).write(`${text}\n`));
  return exitCode;
}

async function ignoringGone(written: Promise<void>): Promise<void> {
  try {
    await written;
  } catch {
    // See above.
  }
}

interface UsageFailure {
  readonly type: string;
  readonly message: string;
  readonly hint: string;
  readonly exitCode: number;
}

function usageFailure({ code, message }: CommanderError, argv: readonly string[]): UsageFailure {
  const verb = argv.find((word) => VERBS.some(({ name, alias }) => word === name || word === alias));
  const operands = argv.filter((word) => !word.startsWith("-"));
  // The only help that is an error is that for a verb which there is not.
  const isUnknownVerb = code === "commander.help";
  return {
    type: "usage",
    message: isUnknownVerb ? `there is no verb '${operands[1] ?? ""}'` : message.replace(/^error: /, ""),
    hint: verb === undefined ? "see: sessiond help" : `see: sessiond help ${verb}`,
    exitCode: EXIT.usage,
  };
}
