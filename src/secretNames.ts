/** What stands where a secret is left out. */
export const REDACTED = "[redacted]";

/** Words that make a name a secret's wherever one ends with them: GITHUB_TOKEN, githubToken, MYPASSWORD. */
const ENDINGS =
  /(?:token|secret|password|passwd|passphrase|credential|authorization|cookie|apikey|secretkey|accesskey|privatekey)s?$/;
/** Words that are too short or too common to look for inside others: KEY, but neither KEYBOARD nor MONKEY. */
const WORDS = /^(?:key|auth|oauth|bearer|pass|pwd|jwt)s?$/;
/** Beside one of those words, these make it a number: `maxKeys` and `tokenUsage` hold no secret. */
const COUNTING = /^(?:max|min|total|usage|counts?|limits?|budget)$/;
/** The working directory, which shells keep here, has the name of a password. */
const HARMLESS_NAMES: ReadonlySet<string> = new Set(["PWD", "OLDPWD"]);
/** The password in `scheme://user:password@host`, wherever it stands in a text. */
const URL_PASSWORD = /:\/\/([^\s/:@]*):[^\s/@]+@/g;

/**
 * Whether a value of this name (a variable, a field, a setting) looks like a secret, and is not to be shown. It goes by
 * the words of the name, in any case and in camelCase, and rather hides too much.
 */
export function isSecretName(name: string): boolean {
  if (HARMLESS_NAMES.has(name)) return false;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  const isNumber = (index: number): boolean =>
    COUNTING.test(words[index - 1] ?? "") || COUNTING.test(words[index + 1] ?? "");
  return words.some((word, index) => (ENDINGS.test(word) || WORDS.test(word)) && !isNumber(index));
}

/** The text without the passwords in its URLs. */
export function withoutUrlPasswords(text: string): string {
  return text.replace(URL_PASSWORD, `://$1:${REDACTED}@`);
}
