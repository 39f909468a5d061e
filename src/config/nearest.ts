/** The number of single-character edits between two names. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line++) {
    const next = [line];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (from[line - 1] === to[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** The known name that was most likely meant, or undefined when none is alike. The first wins a tie. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  // A name of any length can be typed; what is far longer than every known name is like none of them.
  const typed = given.slice(0, 100).toLowerCase();
  let best: { name: string; edits: number } | undefined;
  for (const name of known) {
    const edits = distance(typed, name.toLowerCase());
    const isAlike = edits <= Math.max(typed.length, name.length) / 2;
    if (isAlike && (best === undefined || edits < best.edits)) best = { name, edits };
  }
  return best?.name;
}
