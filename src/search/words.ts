/** What somebody looks for: one word, or several that follow each other. */
export interface Term {
  /** As the index knows them: small letters, without accents. */
  readonly words: readonly string[];
  /** Whether the last word may go on. */
  readonly isPrefix: boolean;
}

/** A question, taken apart. */
export interface Question {
  /** All of these have to be there. */
  readonly wanted: readonly Term[];
  /** None of these may be. */
  readonly unwanted: readonly Term[];
}

/** The characters that words are made of, as FTS5's `unicode61` has them; marks belong to the letter before. */
const WORD = /[\p{L}\p{N}\p{Co}][\p{L}\p{N}\p{Co}\p{M}]*/gu;
/** A phrase in quotes, which may be open at its end, or anything up to the next space; perhaps with a minus. */
const PART = /(-?)(?:"([^"]*)(?:"(\*?)|$)|([^\s"]+))/gu;

/**
 * Takes a question apart: words, of which all have to be there, "phrases", prefix*, and -not. Everything else stands for
 * itself, so `foo_bar-baz` is the phrase of its three words. Any text is a question; one without a word has no terms.
 */
export function parseQuestion(text: string): Question {
  const wanted: Term[] = [];
  const unwanted: Term[] = [];
  for (const [, minus, phrase, star, bare = ""] of text.matchAll(PART)) {
    const words = wordsOf(phrase ?? bare);
    const isPrefix = phrase === undefined ? bare.endsWith("*") : star === "*";
    if (words.length > 0) (minus === "-" ? unwanted : wanted).push({ words, isPrefix });
  }
  return { wanted, unwanted };
}

/**
 * The question in the language of FTS5; undefined where nothing is wanted, since of what is unwanted alone nobody could
 * say what comes first. Every word stands in quotes, so none can be an operator.
 */
export function matchOf({ wanted, unwanted }: Question): string | undefined {
  if (wanted.length === 0) return undefined;
  const all = wanted.map((term) => termOf(term)).join(" AND ");
  // One list and not one NOT after the other: FTS5 bounds how deep an expression is.
  return unwanted.length === 0 ? all : `(${all}) NOT (${unwanted.map((term) => termOf(term)).join(" OR ")})`;
}

function termOf({ words, isPrefix }: Term): string {
  return `"${words.join(" ")}"${isPrefix ? "*" : ""}`;
}

function wordsOf(text: string): string[] {
  return Array.from(text.matchAll(WORD), ([word]) => word.toLowerCase());
}
