import type { z } from "zod";
import { describeGiven } from "./error.js";
import { nearestName } from "./nearest.js";
import { configSchema } from "./schema.js";
import { SETTINGS } from "./settings.js";
import type { Setting } from "./settings.js";

/** What one source says: values by dotted key, and what is wrong with the rest. */
export interface Layer {
  values: Map<string, unknown>;
  problems: string[];
}

/** What the variables of a section begin with. Others of our prefix (`SESSIOND_TOKEN`) are no settings. */
const SECTION_PREFIXES = [
  ...new Set(
    SETTINGS.flatMap(({ path: [name, key], variable }) =>
      key === undefined ? [] : [variable.slice(0, "SESSIOND_".length + name.length + 1)],
    ),
  ),
];

const meant = (name: string, known: readonly string[]): string => {
  const nearest = nearestName(name, known);
  return nearest === undefined ? "" : `; did you mean ${nearest}?`;
};

/** Text as the kind of value that the schema wants; text that is no such value goes on to be refused by it. */
function fromText(setting: Setting, text: string): unknown {
  const trimmed = text.trim();
  if (setting.kind === "integer" && /^[+-]?\d+$/.test(trimmed)) return Number(trimmed);
  if (setting.kind === "boolean" && /^(?:true|1)$/i.test(trimmed)) return true;
  if (setting.kind === "boolean" && /^(?:false|0)$/i.test(trimmed)) return false;
  if (setting.kind === "json") return parsedJson(trimmed) ?? text;
  return text;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function take(layer: Layer, source: string, setting: Setting, given: unknown): void {
  const value = typeof given === "string" ? fromText(setting, given) : given;
  if (setting.schema.safeParse(value).success) {
    layer.values.set(setting.key, value);
    return;
  }
  const shown = describeGiven(setting.key, given);
  layer.problems.push(`${source}: ${setting.key} is ${shown}; allowed is ${setting.allowed}`);
}

/** The settings in the environment. An empty variable counts as unset, as it does for the XDG folders. */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Layer {
  const layer: Layer = { values: new Map(), problems: [] };
  const known = new Map(SETTINGS.map((setting) => [setting.variable, setting]));
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined || text === "") continue;
    const setting = known.get(variable);
    if (setting !== undefined) {
      take(layer, `environment variable ${variable}`, setting, text);
    } else if (SECTION_PREFIXES.some((prefix) => variable.startsWith(prefix))) {
      layer.problems.push(
        `environment variable ${variable}: there is no such setting${meant(variable, [...known.keys()])}`,
      );
    }
  }
  return layer;
}

/** The settings among parsed command line options; every option given here has to be a setting. */
export function fromFlags(flags: Readonly<Record<string, unknown>>): Layer {
  const layer: Layer = { values: new Map(), problems: [] };
  const known = new Map(SETTINGS.map((setting) => [setting.option, setting]));
  for (const [option, given] of Object.entries(flags)) {
    if (given === undefined) continue;
    const setting = known.get(option);
    if (setting !== undefined) take(layer, `flag ${setting.flag}`, setting, given);
    else layer.problems.push(`flag ${option}: there is no such setting${meant(option, [...known.keys()])}`);
  }
  return layer;
}

/** The keys that stand beside `path` in a file. */
function siblings(path: readonly PropertyKey[]): string[] {
  const [section] = path;
  if (section === undefined) return [...new Set(SETTINGS.map((setting) => setting.path[0]))];
  return SETTINGS.flatMap(({ path: [at, key] }) => (at === section && key !== undefined ? [key] : []));
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    document,
  );
}

function fileProblems(source: string, document: unknown, issue: z.core.$ZodIssue): string[] {
  const key = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    // What stands beside it is known where it is a setting; a list has words of its own.
    const known = issue.path.length < 2 ? siblings(issue.path) : [];
    const place = key === "" ? "" : `${key}.`;
    return issue.keys.map(
      (unknownKey) => `${source}: there is no setting ${place}${unknownKey}${meant(unknownKey, known)}`,
    );
  }
  const shown = describeGiven(key, valueAt(document, issue.path));
  const setting = SETTINGS.find((one) => one.key === key || key.startsWith(`${one.key}.`));
  const allowed = setting?.allowed ?? "an object";
  return [`${source}: ${key === "" ? "the content" : key} is ${shown}; allowed is ${allowed}`];
}

/** The settings of a parsed configuration file. */
export function fromDocument(source: string, document: unknown): Layer {
  const parsed = configSchema.safeParse(document);
  const layer: Layer = { values: new Map(), problems: [] };
  if (!parsed.success) {
    layer.problems = parsed.error.issues.flatMap((issue) => fileProblems(source, document, issue));
    return layer;
  }
  for (const { key, path } of SETTINGS) {
    const value = valueAt(document, path);
    if (value !== undefined) layer.values.set(key, value);
  }
  return layer;
}
