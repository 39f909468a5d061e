import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError } from "./error.js";
import { fromDocument, fromEnvironment, fromFlags } from "./layers.js";
import type { Layer } from "./layers.js";
import { configSchema } from "./schema.js";
import type { Config } from "./schema.js";
import { SETTINGS } from "./settings.js";

/** Where a configuration is read from; what comes first in this list wins. */
export interface ConfigSources {
  /** Settings by option name, as commander parses them (`dataDir`, `sessionsIdleTimeoutMs`); undefined is absent. */
  flags?: Readonly<Record<string, unknown>>;
  /** The environment, usually `process.env`. */
  env: Readonly<Record<string, string | undefined>>;
  /** A file that somebody named (`--config`); it has to exist. Before `SESSIOND_CONFIG`, which has to exist too. */
  file?: string;
  /** The file to read when none is named (`defaultConfigFile`); it may be missing. */
  defaultFile?: string;
  /** Settings in the file's shape that a program hands over; they come where the file would. */
  document?: unknown;
}

const EMPTY: Layer = { values: new Map(), problems: [] };

/** Where in the text JSON.parse gave up. Its own message quotes the text, which belongs in no log. */
function lineOf(text: string, error: unknown): string {
  const position = /position (\d+)/.exec(String(error))?.[1];
  if (position === undefined) return "";
  return ` (line ${text.slice(0, Number(position)).split("\n").length})`;
}

function fromFile(path: string, whoNamedIt: string | undefined): Layer {
  const source = whoNamedIt === undefined ? `file ${path}` : `file ${path} (named by ${whoNamedIt})`;
  let text: string;
  try {
    // A byte order mark is no part of the text, and JSON.parse would refuse it.
    text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "an unknown error";
    if (code === "ENOENT" && whoNamedIt === undefined) return EMPTY;
    const advice = code === "ENOENT" ? "it does not exist; create it or name another" : `reading it: ${code}`;
    return { ...EMPTY, problems: [`${source}: ${advice}`] };
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return { ...EMPTY, problems: [`${source}: it is not valid JSON${lineOf(text, error)}`] };
  }
  return fromDocument(source, document);
}

/** The file that {@link loadConfig} reads, and who named it: undefined for the default, which may be missing. */
export function configFileOf({ env, file, defaultFile }: ConfigSources): { path?: string; namedBy?: string } {
  if (file !== undefined) return { path: resolve(file), namedBy: "--config" };
  const variable = env["SESSIOND_CONFIG"];
  if (variable !== undefined && variable !== "")
    return { path: resolve(variable), namedBy: "SESSIOND_CONFIG" };
  return defaultFile === undefined ? {} : { path: defaultFile };
}

/**
 * The configuration: flag before environment before file before default.
 *
 * @throws {ConfigError} naming every problem of every source at once.
 */
export function loadConfig(sources: ConfigSources): Config {
  const { path, namedBy } = configFileOf(sources);
  const layers = [
    path === undefined ? EMPTY : fromFile(path, namedBy),
    sources.document === undefined ? EMPTY : fromDocument("the given settings", sources.document),
    fromEnvironment(sources.env),
    fromFlags(sources.flags ?? {}),
  ];
  const problems = layers.flatMap((layer) => layer.problems);
  if (problems.length > 0) throw new ConfigError(problems);

  const values = new Map(layers.flatMap((layer) => [...layer.values]));
  const merged = new Map<string, unknown>();
  for (const {
    key,
    path: [name, inner],
  } of SETTINGS) {
    if (!values.has(key)) continue;
    const value = values.get(key);
    if (inner === undefined) merged.set(name, value);
    else merged.set(name, { ...(merged.get(name) as object | undefined), [inner]: value });
  }
  // zod writes a program for each object that it checks, which pays from the second time on.
  return configSchema.parse(Object.fromEntries(merged), { jitless: true });
}
