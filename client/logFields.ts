/** A JSON object, as the protocol takes it in a line of a log. */
export type LogObject = Readonly<Record<string, Json>>;

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const DEEPEST = 8;
const MOST_VALUES = 500;
const LONGEST_TEXT = 16_384;
const LONGEST_STACK = 4_096;

/**
 * Whatever a caller gives to a logger, as JSON: a cycle, a getter that throws or a BigInt must not cost the line,
 * and never throw into the caller. Large values are cut.
 */
export function logObject(value: object): LogObject {
  const shown = present(value, 0, { left: MOST_VALUES });
  return typeof shown === "object" && shown !== null && !Array.isArray(shown)
    ? (shown as LogObject)
    : { value: shown };
}

/** An error for the log: its type, message, stack, cause, and what else it holds. Anything can be thrown. */
export function logError(error: unknown): LogObject {
  if (error instanceof Error) return logObject(error);
  return { type: typeof error, message: cut(textOf(error), LONGEST_TEXT) };
}

/** A text that is not longer than the protocol takes. */
export function logText(text: unknown): string {
  return cut(typeof text === "string" ? text : textOf(text), LONGEST_TEXT);
}

function present(value: unknown, depth: number, budget: { left: number }): Json {
  budget.left -= 1;
  if (typeof value === "string") return cut(value, LONGEST_TEXT);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "boolean" || value === null) return value;
  if (typeof value !== "object") return textOf(value);
  try {
    return presentObject(value, depth, budget);
  } catch (error) {
    return `<unreadable: ${textOf(error)}>`;
  }
}

function presentObject(value: object, depth: number, budget: { left: number }): Json {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (depth > DEEPEST) return Array.isArray(value) ? "[…]" : "{…}";
  if (value instanceof Map || value instanceof Set) return presentObject([...value], depth, budget);
  if (Array.isArray(value)) {
    const kept = (value as unknown[]).slice(0, Math.max(0, budget.left));
    return kept.map((item) => present(item, depth + 1, budget));
  }
  if (value instanceof Error) {
    const { name, message, stack, cause }: { readonly [K in keyof Error]: unknown } = value;
    const fields = presentFields(value, depth, budget);
    return {
      ...fields,
      // Anybody can put anything there, also what is no text.
      type: textOf(name),
      message: logText(message),
      stack: cut(textOf(stack), LONGEST_STACK),
      ...(cause === undefined ? {} : { cause: present(cause, depth + 1, budget) }),
    };
  }
  return presentFields(value, depth, budget);
}

function presentFields(value: object, depth: number, budget: { left: number }): Record<string, Json> {
  const shown: Record<string, Json> = {};
  for (const key of Object.keys(value)) {
    if (budget.left <= 0) break;
    // The daemon refuses it, and the line with it.
    if (key === "__proto__") continue;
    let field: unknown;
    try {
      field = Reflect.get(value, key);
    } catch (error) {
      field = `<unreadable: ${textOf(error)}>`;
    }
    if (field !== undefined) shown[key] = present(field, depth + 1, budget);
  }
  return shown;
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "<unreadable>";
  }
}

function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
