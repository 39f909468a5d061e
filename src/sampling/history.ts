import { type Bucket, Ring } from "./ring.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How fine the history is, and for how long, where it is measured every five seconds. */
export const LEVELS = [
  { name: "samples", stepMs: 5_000, capacity: 720 },
  { name: "minutes", stepMs: MINUTE_MS, capacity: 1_440 },
  { name: "hours", stepMs: HOUR_MS, capacity: 720 },
] as const;

/** One measurement. */
export interface Measured {
  /** Wall time, epoch milliseconds. */
  readonly at: number;
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly processes: number;
  readonly diskBytes?: number | undefined;
}

/** The rings of a history as text, by the names of the levels. */
export type EncodedHistory = Readonly<Record<(typeof LEVELS)[number]["name"], string>>;

/**
 * What was measured of one thing: an hour of samples, a day of minutes, thirty days of hours, in memory that is bounded
 * (115 kB) and grows as it is needed. A minute and an hour are put together of the level below when they are over.
 */
export class History {
  readonly #samples = new Ring(LEVELS[0].capacity);
  readonly #minutes = new Ring(LEVELS[1].capacity);
  readonly #hours = new Ring(LEVELS[2].capacity);
  /** Of the last measurement. */
  #lastAt = Number.NEGATIVE_INFINITY;

  get sizeBytes(): number {
    return this.#samples.sizeBytes + this.#minutes.sizeBytes + this.#hours.sizeBytes;
  }

  /** When the last measurement was; minus infinity where there is none. */
  get lastAt(): number {
    return this.#lastAt;
  }

  add({ at, cpuPercent, memoryBytes, processes, diskBytes = Number.NaN }: Measured): void {
    const maxima = { cpuPercentMax: cpuPercent, memoryBytesMax: memoryBytes, processesMax: processes };
    this.#closeBefore(at);
    this.#samples.push({ at, count: 1, cpuPercent, memoryBytes, processes, ...maxima, diskBytes });
    this.#lastAt = at;
  }

  /**
   * What is known from `since` to before `until`, oldest first, each time as finely as it is kept. A bucket that began
   * before `since` is left out.
   */
  between(since: number, until: number): Bucket[] {
    const found: Bucket[] = [];
    let edge = since;
    const rings = [this.#hours, this.#minutes, this.#samples];
    for (const [index, ring] of rings.entries()) {
      const finer = rings[index + 1];
      // A finer ring that never ran over has everything that this one was made of.
      if (finer?.isFull === false) continue;
      for (const bucket of ring.from(edge)) {
        if (bucket.at >= until || bucket.at >= (finer?.oldestAt ?? until)) break;
        found.push(bucket);
        if (finer !== undefined) edge = bucket.at + (LEVELS[2 - index]?.stepMs ?? 0);
      }
    }
    return found;
  }

  encode(): EncodedHistory {
    return {
      samples: this.#samples.encode(),
      minutes: this.#minutes.encode(),
      hours: this.#hours.encode(),
    };
  }

  static decode({ samples, minutes, hours }: EncodedHistory): History {
    const history = new History();
    history.#samples.fill(samples);
    history.#minutes.fill(minutes);
    history.#hours.fill(hours);
    history.#lastAt = history.#samples.from(0).at(-1)?.at ?? Number.NEGATIVE_INFINITY;
    return history;
  }

  /** Puts the minute together in which the last measurement was, and its hour, where `at` is in a later one. */
  #closeBefore(at: number): void {
    const minute = floor(this.#lastAt, MINUTE_MS);
    if (minute === Number.NEGATIVE_INFINITY || floor(at, MINUTE_MS) === minute) return;
    const samples = this.#samples.from(minute);
    if (samples.length > 0) this.#minutes.push(merged(minute, samples));
    const hour = floor(this.#lastAt, HOUR_MS);
    if (floor(at, HOUR_MS) === hour) return;
    const minutes = this.#minutes.from(hour);
    if (minutes.length > 0) this.#hours.push(merged(hour, minutes));
  }
}

/** Buckets put together by times that are `stepMs` long. */
export function inSteps(buckets: readonly Bucket[], stepMs: number): Bucket[] {
  const steps = new Map<number, Bucket[]>();
  for (const bucket of buckets) {
    const at = floor(bucket.at, stepMs);
    const step = steps.get(at);
    if (step === undefined) steps.set(at, [bucket]);
    else step.push(bucket);
  }
  return [...steps].map(([at, step]) => merged(at, step));
}

/** One bucket of several; of none a bucket of nothing. */
export function merged(at: number, buckets: readonly Bucket[]): Bucket {
  const count = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  const average = (field: "cpuPercent" | "memoryBytes" | "processes"): number =>
    buckets.reduce((sum, bucket) => sum + bucket[field] * bucket.count, 0) / Math.max(1, count);
  const most = (field: "cpuPercentMax" | "memoryBytesMax" | "processesMax"): number =>
    buckets.reduce((found, bucket) => Math.max(found, bucket[field]), 0);
  return {
    at,
    count,
    cpuPercent: average("cpuPercent"),
    cpuPercentMax: most("cpuPercentMax"),
    memoryBytes: average("memoryBytes"),
    memoryBytesMax: most("memoryBytesMax"),
    processes: average("processes"),
    processesMax: most("processesMax"),
    diskBytes: buckets.findLast(({ diskBytes }) => !Number.isNaN(diskBytes))?.diskBytes ?? Number.NaN,
  };
}

function floor(at: number, stepMs: number): number {
  return Math.floor(at / stepMs) * stepMs;
}
