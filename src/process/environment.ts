import { isSecretName, REDACTED, withoutUrlPasswords } from "../secretNames.js";

/** The variable that carries a command's token into the environment of its processes. */
export const TOKEN_VARIABLE = "SESSIOND_TOKEN";

/** What a program needs to find its tools, its user's files, its language and its terminal. */
const BASE_NAMES =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|COLORTERM|XDG_[A-Z_]+)$/;
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

/**
 * The environment for a command whose caller sent none: the few variables of `source` (usually `process.env`) that
 * nearly every program wants, where they are set. The rest of the daemon's environment is the daemon's own business.
 * PATH is always there.
 */
export function baseEnvironment(
  source: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const base: Record<string, string> = { PATH: DEFAULT_PATH };
  for (const [name, value] of Object.entries(source)) {
    if (value !== undefined && value !== "" && BASE_NAMES.test(name)) base[name] = value;
  }
  return base;
}

/**
 * A copy of an environment that may be shown: values whose name looks like a secret's become `[redacted]`, and so do
 * passwords inside URLs.
 */
export function redactEnvironment(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      isSecretName(name) ? REDACTED : withoutUrlPasswords(value),
    ]),
  );
}
