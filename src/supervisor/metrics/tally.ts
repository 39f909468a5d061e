import type { FileCounts } from "../../sampling/fileWatch.js";
import type { SessionEvent } from "../../session/events.js";

/** What was counted in a session beside what its state has. */
export interface Tally {
  /** Activities of the kind `error`. */
  errors: number;
  readonly responses: ResponseTimes;
  readonly files: { -readonly [K in keyof FileCounts]: number };
}

/** How long invocations took. */
export interface ResponseTimes {
  count: number;
  sumMs: number;
  maximumMs: number;
  /** How many took about how long: entry n are those from 1.2ⁿ to 1.2ⁿ⁺¹ ms. */
  readonly counts: number[];
}

const BASE = Math.log(1.2);
/** Enough for a month. */
const CLASSES = 128;

export function emptyTally(): Tally {
  return {
    errors: 0,
    responses: { count: 0, sumMs: 0, maximumMs: 0, counts: [] },
    files: { created: 0, modified: 0, deleted: 0 },
  };
}

/** Whether an event changes a tally: asked on the way of every write. */
export function isTallied({ type, data }: SessionEvent): boolean {
  if (type === "activity/recorded") return data.kind === "error";
  return type === "invocation/finished" || type === "invocation/linked";
}

export function tallyEvent(tally: Tally, { type, data }: SessionEvent): void {
  if (type === "activity/recorded" && data.kind === "error") tally.errors += 1;
  if (type === "invocation/finished" || type === "invocation/linked") {
    if (data.durationMs !== undefined) addResponse(tally.responses, data.durationMs);
  }
}

/** Adds what was counted elsewhere meanwhile. */
export function addTally(tally: Tally, more: Tally): void {
  tally.errors += more.errors;
  for (const key of ["created", "modified", "deleted"] as const) tally.files[key] += more.files[key];
  const { responses } = tally;
  responses.count += more.responses.count;
  responses.sumMs += more.responses.sumMs;
  responses.maximumMs = Math.max(responses.maximumMs, more.responses.maximumMs);
  for (const [index, count] of more.responses.counts.entries())
    responses.counts[index] = (responses.counts[index] ?? 0) + count;
}

function addResponse(responses: ResponseTimes, durationMs: number): void {
  const index = Math.min(CLASSES - 1, Math.max(0, Math.floor(Math.log(Math.max(1, durationMs)) / BASE)));
  // No holes: a file has an entry for each class up to the last one.
  while (responses.counts.length <= index) responses.counts.push(0);
  responses.counts[index] = (responses.counts[index] ?? 0) + 1;
  responses.count += 1;
  responses.sumMs += durationMs;
  responses.maximumMs = Math.max(responses.maximumMs, durationMs);
}

/**
 * How long that share of the invocations took at most, to within a tenth; undefined where there was none.
 *
 * @param share 0 to 1
 */
export function responsePercentileMs(
  { counts, count, maximumMs }: ResponseTimes,
  share: number,
): number | undefined {
  if (count === 0) return undefined;
  let left = share * count;
  for (const [index, each] of counts.entries()) {
    left -= each;
    // The middle of the class, by which nothing is wrong by more than half of it.
    if (left <= 0) return Math.min(maximumMs, Math.exp((index + 0.5) * BASE));
  }
  return maximumMs;
}
