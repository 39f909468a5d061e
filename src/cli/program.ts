import { Command, Option } from "commander";

import { VERSION } from "../version.js";
import { GLOBALS } from "./globals.js";
import type { OptionSpec, VerbSpec } from "./verb.js";

/** Performs a verb with what commander understood. */
export type Perform = (spec: VerbSpec, command: Command) => Promise<void>;

const WIDEST_HELP = 100;

/** The command line as commander knows it. Nothing is run by building it. */
export function programOf(verbs: readonly VerbSpec[], perform: Perform): Command {
  const program = new Command("sessiond")
    .description("Keeps every agent and tool session on this machine, bounded and durable.")
    .usage("[options] <verb>")
    .enablePositionalOptions()
    .addHelpCommand(new Command("help").argument("[verb]").description("explain a verb").helpGroup("More:"))
    .version(`sessiond ${VERSION}`, "-V, --version", "print the version")
    .helpOption("-h, --help", "explain this")
    .configureHelp({
      showGlobalOptions: true,
      helpWidth: Math.min(WIDEST_HELP, process.stdout.columns ?? 80),
      subcommandTerm,
    })
    .exitOverride()
    .hook("preSubcommand", async (_, command) => {
      const takesSettings = verbs.some((verb) => verb.name === command.name() && verb.takesSettings === true);
      if (takesSettings) await addSettings(command);
    });
  for (const option of GLOBALS) program.addOption(optionOf(option));
  for (const verb of verbs) addVerb(program, verb, perform);
  return program;
}

/** A verb in the list of verbs: its names and its arguments; that all have options need not be said again. */
function subcommandTerm(command: Command): string {
  const names = [command.name(), ...command.aliases()].join(", ");
  const args = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [names, ...args].join(" ");
}

function addVerb(program: Command, verb: VerbSpec, perform: Perform): void {
  const command = program.command(verb.name).description(verb.about).helpGroup(verb.group);
  if (verb.alias !== undefined) command.alias(verb.alias);
  for (const [name, about] of verb.args ?? []) command.argument(name, about);
  for (const option of verb.options ?? []) command.addOption(optionOf(option));
  // With positional options commander reads those of the program only before the verb.
  for (const option of GLOBALS) command.addOption(optionOf(option).hideHelp());
  if (verb.passesThrough === true) command.passThroughOptions();
  if (verb.more !== undefined) command.addHelpText("after", `\n${verb.more}`);
  command.action(() => perform(verb, command));
}

function optionOf({ flags, about, parse, choices }: OptionSpec): Option {
  const option = new Option(flags, about);
  if (parse !== undefined) option.argParser(parse);
  if (choices !== undefined) option.choices(choices);
  return option;
}

/** Makes every setting an option. They come from the configuration's schema, which is large, so only here. */
async function addSettings(command: Command): Promise<void> {
  const { SETTINGS } = await import("../config/settings.js");
  for (const { flag, option, meaning, path } of SETTINGS) {
    // The places are options of every verb already.
    if (option === "socket" || option === "dataDir") continue;
    const placeholder = path.length === 1 ? "<path>" : "<value>";
    command.addOption(new Option(`${flag} ${placeholder}`, meaning).helpGroup("Settings:"));
  }
}
