import { z } from "zod";
import { configSchema } from "./schema.js";

/** One setting and the names under which each source knows it. */
export interface Setting {
  /** Section and key in a file; a path has no section. */
  path: readonly [key: string] | readonly [section: string, key: string];
  /** The dotted name in messages: `sessions.idleTimeoutMs`. */
  key: string;
  /** Environment variable: `SESSIOND_SESSIONS_IDLE_TIMEOUT_MS`. */
  variable: string;
  /** Command line flag: `--sessions-idle-timeout-ms`. */
  flag: string;
  /** The flag's name in parsed options, as commander gives it: `sessionsIdleTimeoutMs`. */
  option: string;
  /** What the text of a variable or flag has to be read as. */
  kind: "string" | "integer" | "boolean" | "json";
  /** What may be given, in words. */
  allowed: string;
  /** What the setting is for. */
  meaning: string;
  schema: z.ZodType;
}

const words = (name: string): string[] => name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** What zod says about one field, in the terms of JSON Schema. */
interface FieldShape {
  type?: unknown;
  enum?: readonly unknown[];
  minimum?: number;
  description?: string;
  allowed?: string;
}

function allowedWords({ type, enum: values, minimum, allowed }: FieldShape): string {
  if (allowed !== undefined) return allowed;
  if (values !== undefined) return `one of ${values.join(", ")}`;
  if (type === "integer") return `a whole number, ${minimum ?? 0} or more`;
  return type === "boolean" ? "true or false" : "a string";
}

function kindOf(schema: z.ZodType): Setting["kind"] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return kindOf(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodArray) return "json";
  if (schema instanceof z.ZodNumber) return "integer";
  return schema instanceof z.ZodBoolean ? "boolean" : "string";
}

function describeSetting(path: Setting["path"], schema: z.ZodType): Setting {
  const parts = path.flatMap(words);
  // Asked of zod where somebody wants to know: for all settings it is a good part of what a start costs.
  let known: FieldShape | undefined;
  const shape = (): FieldShape => (known ??= z.toJSONSchema(schema, { io: "input" }) as FieldShape);
  return {
    path,
    key: path.join("."),
    variable: `SESSIOND_${parts.join("_").toUpperCase()}`,
    flag: `--${parts.join("-")}`,
    option: parts.map((part, index) => (index === 0 ? part : capital(part))).join(""),
    kind: kindOf(schema),
    get allowed() {
      return allowedWords(shape());
    },
    get meaning() {
      return shape().description ?? "";
    },
    schema,
  };
}

/** The fields of a section, or undefined for a setting that stands by itself. */
function sectionFields(field: z.ZodType): Record<string, z.ZodType> | undefined {
  const inner = field instanceof z.ZodPrefault ? field.unwrap() : field;
  return inner instanceof z.ZodObject ? inner.shape : undefined;
}

/** The settings of a strict object of sections; exported for tests, everyone else wants {@link SETTINGS}. */
export function settingsOf(root: z.ZodObject): Setting[] {
  return Object.entries(root.shape as Record<string, z.ZodType>).flatMap(([name, field]) => {
    const fields = sectionFields(field);
    if (fields === undefined) return [describeSetting([name], field)];
    return Object.entries(fields).map(([key, schema]) => describeSetting([name, key], schema));
  });
}

/** Every setting there is, derived from the schema, so that no source can be forgotten or misspelt. */
export const SETTINGS: readonly Setting[] = settingsOf(configSchema);
