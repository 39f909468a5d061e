import { isSecretName, withoutUrlPasswords } from "../secretNames.js";

/**
 * The configuration cannot be used. Every line of the message is one problem and names its source (file,
 * variable or flag), the key, what was given where that is short, and what is allowed.
 */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

const LONGEST_SHOWN = 64;

/** `given` in words for a message; long values and the value of a key that sounds secret stay unsaid. */
export function describeGiven(key: string, given: unknown): string {
  if (isSecretName(key)) return "a value that is not shown";
  if (given === null) return "null";
  if (Array.isArray(given)) return "an array";
  if (typeof given === "string") {
    return given.length <= LONGEST_SHOWN
      ? JSON.stringify(withoutUrlPasswords(given))
      : `a string of ${given.length} characters`;
  }
  return typeof given === "number" || typeof given === "boolean" ? String(given) : `an ${typeof given}`;
}
