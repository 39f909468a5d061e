/** A text that no file of the repository may hold. */
export interface RefusedText {
  readonly pattern: RegExp;
  readonly reason: string;
  /** Which files it is about; all of them if absent. */
  readonly files?: RegExp;
  /** What a match would be, so that a pattern which matches nothing shows. */
  readonly example: string;
}

const TYPESCRIPT = /\.ts$/;

/** Examples are put together, since this file is looked at too. */
const text = (...parts: string[]): string => parts.join("");

export const REFUSED_TEXTS: readonly RefusedText[] = [
  {
    pattern: /\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/,
    reason: "what is left to do is done, or said in the README",
    example: text("// TO", "DO: later"),
  },
  {
    pattern: /\bas an[y]\b|[:<|]\s*an[y]\b(?=\s*[;,)>=|[{]|\s*$)|,\s*an[y]\s*>/m,
    files: TYPESCRIPT,
    reason: "`unknown` says the same and is checked",
    example: text("const value: an", "y = 1;"),
  },
  {
    pattern: /@ts-(?:ignor[e]|nochec[k])|(?:eslint|oxlint)-disabl[e](?!.* -- \S)/,
    files: TYPESCRIPT,
    reason: "what the checker says is answered; where it is wrong, ` -- why` stands behind",
    example: text("// @ts-", "ignore"),
  },
  {
    pattern: /\b(?:describe|it|test)\.(?:onl[y]|ski[p])\(/,
    files: /\.test\.ts$/,
    reason: "every test runs; what needs something of the machine says so by describeIf",
    example: text("it.on", 'ly("works", …)'),
  },
  {
    pattern: /(?<![\w.~$}-])\/(?:roo[t]|wor[k]|workspac[e]|User[s])\/|\/tm[p]\/(?:bash_jobs|brief)/,
    reason: "a path of the machine on which it was written is nobody else's",
    example: text('"/ro', 'ot/notes"'),
  },
  {
    pattern: /https?:\/\/[a-z0-9.-]*(?:registr[y]|mirro[r]|prox[y]|artifactor[y]|nexu[s])[a-z0-9.-]*/,
    reason: "where packages come from is the business of whoever installs them",
    example: text("https://regis", "try.example.org/"),
  },
];
