import type { Globals } from "./context.js";
import { GLOBALS } from "./globals.js";
import { InvalidValueError } from "./invalidValue.js";
import type { OptionSpec, VerbSpec } from "./verb.js";

/** One call of the command line, understood. */
export interface Call {
  readonly spec: VerbSpec;
  readonly globals: Globals;
  /** Those of the verb, by their names in camel case; what was not given is absent. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
}

type Values = Record<string, unknown>;

/**
 * Reads a call that is as the help says. Whatever is not (help, a verb or an option that there is not, a value that is
 * not taken, a setting, short options in one word) is answered with undefined: commander, which knows what to say then,
 * takes longer to load than most verbs take. What is read here is what commander makes of it.
 *
 * @param argv what follows the program's name.
 */
export function readPlainCall(argv: readonly string[], verbs: readonly VerbSpec[]): Call | undefined {
  const before: Values = {};
  const verbAt = readOptions(argv, 0, GLOBALS, before);
  const name = argv[verbAt ?? argv.length];
  const spec = verbs.find((verb) => name !== undefined && (verb.name === name || verb.alias === name));
  if (verbAt === undefined || spec === undefined) return undefined;
  const given: Values = {};
  const args = readRest(argv, verbAt + 1, spec, given);
  if (args === undefined || !takes(spec, args.length)) return undefined;
  const { socket, dataDir, config, json, color, ...options } = given;
  const globals = {
    socket: textOf(socket ?? before["socket"]),
    dataDir: textOf(dataDir ?? before["dataDir"]),
    config: textOf(config ?? before["config"]),
    json: json === true || before["json"] === true,
    color: color !== false && before["color"] !== false,
  };
  return { spec, globals, options, args };
}

/** Reads what follows the verb into `into`, and answers the verb's arguments. */
function readRest(argv: readonly string[], from: number, spec: VerbSpec, into: Values): string[] | undefined {
  const known = [...(spec.options ?? []), ...GLOBALS];
  const args: string[] = [];
  let at: number | undefined = from;
  while (at < argv.length) {
    at = readOptions(argv, at, known, into);
    if (at === undefined) return undefined;
    const word = argv[at];
    if (word === undefined) break;
    if (word === "--") return [...args, ...argv.slice(at + 1)];
    if (spec.passesThrough === true) return argv.slice(at);
    args.push(word);
    at += 1;
  }
  return args;
}

/** Reads options up to the first word that is none; answers where that is, or undefined for what is not plain. */
function readOptions(
  argv: readonly string[],
  from: number,
  known: readonly OptionSpec[],
  into: Values,
): number | undefined {
  for (let at = from; ; at++) {
    const word = argv[at];
    if (word === undefined || word === "--" || word === "-" || !word.startsWith("-")) return at;
    const [flag = "", ...joined] = word.startsWith("--") ? word.split("=") : [word];
    const option = known.find(({ flags }) => flags.split(/[ ,]+/).includes(flag));
    if (option === undefined) return undefined;
    const long = /--(no-)?([a-z-]+)/.exec(option.flags);
    const name = camelCase(long?.[2] ?? "");
    if (!option.flags.includes("<")) {
      if (joined.length > 0) return undefined;
      into[name] = long?.[1] === undefined;
      continue;
    }
    const text = joined.length > 0 ? joined.join("=") : argv[++at];
    // A value that looks like an option is more likely a value that was forgotten.
    if (text === undefined || text === "" || text.startsWith("-")) return undefined;
    const value = valueOf(option, text, into[name]);
    if (value === undefined) return undefined;
    into[name] = value;
  }
}

function valueOf({ parse, choices }: OptionSpec, text: string, before: unknown): unknown {
  if (choices !== undefined && !choices.includes(text)) return undefined;
  try {
    return parse === undefined ? text : parse(text, before);
  } catch (error) {
    if (error instanceof InvalidValueError) return undefined;
    throw error;
  }
}

/** Whether the verb takes so many arguments. */
function takes({ args = [] }: VerbSpec, count: number): boolean {
  const least = args.filter(([name]) => name.startsWith("<")).length;
  const isOpen = args.some(([name]) => name.includes("..."));
  return count >= least && (isOpen || count <= args.length);
}

function camelCase(words: string): string {
  return words.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
