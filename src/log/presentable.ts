import { isSecretName, REDACTED, withoutUrlPasswords } from "../secretNames.js";

/**
 * What may be written of a value: secrets by the name of their key are left out, passwords in URLs too, and
 * whatever its depth or size, the result is small. The fixed paths of pino's own `redact` cannot do this, since they
 * miss a key one level deeper than foreseen.
 */

const LONGEST_STRING = 16_384;
const LONGEST_STACK = 4_096;
const DEEPEST = 6;
const MOST_VALUES = 500;

/** Names of what holds secrets, or is one here and nowhere else. */
const HOLDERS: ReadonlySet<string> = new Set(["env", "environment", "environ", "lease"]);
/** By itself this is the key of some entry, and none that opens anything. */
const PLAIN_KEY = /^keys?$/i;

/** Whether the value of a key of this name must not be written. */
export function isSecretKey(key: string): boolean {
  return HOLDERS.has(key.toLowerCase()) || (!PLAIN_KEY.test(key) && isSecretName(key));
}

/** How many more values one line takes. */
interface Budget {
  left: number;
}

/** Passwords go first: half a URL, with half of a password, would no longer look like one. */
function presentText(text: string, longest: number): string {
  const shown = withoutUrlPasswords(text);
  return shown.length <= longest ? shown : `${shown.slice(0, longest)}… (${text.length} characters)`;
}

function presentError(error: Error, depth: number, budget: Budget): Record<string, unknown> {
  // A cause and the errors of an AggregateError are not enumerable; code, errno and syscall are.
  const fields: Record<string, unknown> = Object.fromEntries(Object.entries(error));
  if (error.cause !== undefined) fields["cause"] = error.cause;
  if (error instanceof AggregateError) fields["errors"] = error.errors;
  return {
    type: error.name,
    message: presentText(error.message, LONGEST_STRING),
    stack: presentText(error.stack ?? "", LONGEST_STACK),
    ...presentFields(fields, depth, budget),
  };
}

/** A getter of somebody else's that throws is worth a word, and never the caller's exception. */
function fieldOf(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch (error) {
    return `<unreadable: ${String(error)}>`;
  }
}

function presentFields(value: object, depth: number, budget: Budget): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (budget.left <= 0) {
      shown["…"] = "more than one line takes";
      break;
    }
    const field = fieldOf(value, key);
    // A count of tokens is no token, so numbers stay; nothing absent is redacted either.
    const isHarmless = field === null || typeof field === "number" || typeof field === "boolean";
    const isHidden = field !== undefined && !isHarmless && isSecretKey(key);
    // Not by assignment: a key named __proto__ would set the prototype.
    Object.defineProperty(shown, key, {
      value: isHidden ? REDACTED : present(field, depth + 1, budget),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return shown;
}

function presentObject(value: object, depth: number, budget: Budget): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (depth > DEEPEST) return Array.isArray(value) ? "[…]" : "{…}";
  if (value instanceof Error) return presentError(value, depth, budget);
  if (value instanceof Map || value instanceof Set) return presentObject([...value], depth, budget);
  if (!Array.isArray(value)) return presentFields(value, depth, budget);
  const shown: unknown[] = [];
  for (const item of value as unknown[]) {
    if (budget.left <= 0) return [...shown, "… more than one line takes"];
    shown.push(present(item, depth + 1, budget));
  }
  return shown;
}

function present(value: unknown, depth: number, budget: Budget): unknown {
  budget.left -= 1;
  if (typeof value === "string") return presentText(value, LONGEST_STRING);
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  if (typeof value === "function") return "<function>";
  if (typeof value !== "object" || value === null) return value;
  try {
    return presentObject(value, depth, budget);
  } catch (error) {
    // A revoked proxy throws whatever is asked of it.
    return `<unreadable: ${String(error)}>`;
  }
}

/** A copy of `value` that is fit for one line of a log. Never throws. */
export function presentable(value: unknown): unknown {
  return present(value, 0, { left: MOST_VALUES });
}
