import type { TopRow } from "./row.js";

/** What the table can be sorted by, in the order in which the key `s` goes through it. */
export const SORTS = ["cpu", "memory", "processes", "commands", "activity", "state", "name"] as const;

export type Sort = (typeof SORTS)[number];

/** The rows that the filter leaves, sorted: the most and the latest first, texts from A. What is alike has the latest first. */
export function arranged(
  rows: readonly TopRow[],
  {
    sort,
    isReversed,
    filter,
  }: { readonly sort: Sort; readonly isReversed: boolean; readonly filter: string },
): TopRow[] {
  const wanted = filter.toLowerCase();
  const isMeant = ({ sessionId, name = "", state, program = "" }: TopRow): boolean =>
    [sessionId, name, state, program].some((text) => text.toLowerCase().includes(wanted));
  const sign = isReversed ? -1 : 1;
  return rows.filter(isMeant).sort((a, b) => {
    const byKey = compare(keyOf(a, sort), keyOf(b, sort)) * sign;
    return byKey !== 0 ? byKey : compare(keyOf(a, "activity"), keyOf(b, "activity"));
  });
}

function keyOf(row: TopRow, sort: Sort): number | string {
  switch (sort) {
    case "cpu":
      return row.cpuPercent ?? -1;
    case "memory":
      return row.memoryBytes ?? -1;
    case "processes":
      return row.processes ?? -1;
    case "commands":
      return row.runningCommands;
    case "activity":
      return Date.parse(row.lastActivityAt);
    case "state":
      return row.state;
    case "name":
      return (row.name ?? "").toLowerCase();
  }
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return b - a;
  return a < b ? -1 : a > b ? 1 : 0;
}
