/** What is to be found in the journal, and what is found. */
export interface Evidence {
  /** Keys that were acknowledged before the daemon was killed. */
  readonly acknowledged: ReadonlySet<string>;
  /** Keys that were under way when it was killed, and were acknowledged after it was back. */
  readonly resent: ReadonlySet<string>;
  /** The keys of what is there, one for each activity. */
  readonly present: readonly string[];
}

/** How the evidence looks. */
export interface Verdict {
  /** Of the acknowledged ones, those that are there exactly once. */
  readonly kept: number;
  /** Of those sent again, the same. */
  readonly resentOnce: number;
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** What is there and was never acknowledged. */
  readonly unknown: readonly string[];
}

/** Holds what was acknowledged against what is there. */
export function verify({ acknowledged, resent, present }: Evidence): Verdict {
  const times = new Map<string, number>();
  for (const key of present) times.set(key, (times.get(key) ?? 0) + 1);
  const once = (keys: ReadonlySet<string>): number => [...keys].filter((key) => times.get(key) === 1).length;
  const wanted = new Set([...acknowledged, ...resent]);
  return {
    kept: once(acknowledged),
    resentOnce: once(resent),
    lost: [...wanted].filter((key) => !times.has(key)),
    doubled: [...times].filter(([, count]) => count > 1).map(([key]) => key),
    unknown: [...times.keys()].filter((key) => !wanted.has(key)),
  };
}

/** What is wrong with it, in sentences; none where all is well. */
export function problemsOf({ lost, doubled, unknown }: Verdict): string[] {
  const problem = (keys: readonly string[], what: string): string[] =>
    keys.length === 0
      ? []
      : [`${keys.length} ${what}: ${keys.slice(0, 3).join(", ")}${keys.length > 3 ? ", …" : ""}`];
  return [
    ...problem(lost, "acknowledged activities are missing"),
    ...problem(doubled, "activities are there more than once"),
    ...problem(unknown, "activities are there that nobody was told of"),
  ];
}
