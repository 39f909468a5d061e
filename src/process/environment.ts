/** What a program needs to find its tools, its user's files, its language and its terminal. */
const BASE_NAMES =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|COLORTERM|XDG_[A-Z_]+)$/;
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

/** Words that make a name a secret's wherever one ends with them: GITHUB_TOKEN, githubToken, MYPASSWORD. */
const SECRET_ENDINGS =
  /(?:token|secret|password|passwd|passphrase|credential|cookie|apikey|secretkey|accesskey|privatekey)s?$/;
/** Words that are too short or too common to look for inside others: KEY, but neither KEYBOARD nor MONKEY. */
const SECRET_WORDS = /^(?:key|auth|authorization|oauth|bearer|pass|pwd|jwt)s?$/;
/** The working directory, which shells keep here, has the name of a password. */
const HARMLESS_NAMES: ReadonlySet<string> = new Set(["PWD", "OLDPWD"]);
/** The password in `scheme://user:password@host`, wherever it stands in a value. */
const URL_PASSWORD = /:\/\/([^\s/:@]*):[^\s/@]+@/g;
const REDACTED = "[redacted]";

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
 * passwords inside URLs. It goes by words of the name, in any case and in camelCase, and rather hides too much.
 */
export function redactEnvironment(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      isSecret(name) ? REDACTED : value.replace(URL_PASSWORD, `://$1:${REDACTED}@`),
    ]),
  );
}

function isSecret(name: string): boolean {
  if (HARMLESS_NAMES.has(name)) return false;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word) => SECRET_ENDINGS.test(word) || SECRET_WORDS.test(word));
}
