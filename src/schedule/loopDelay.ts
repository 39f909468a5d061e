import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";

/**
 * How often the loop is asked whether it is late. What holds it up for longer than this is always seen. Each look wakes
 * the process: at 10 ms that alone is 0.4 % of a core of a daemon with nothing to do, at 20 ms half of it.
 */
const RESOLUTION_MS = 20;
/** Spans of `next` that are looked back on. */
const SPANS = 6;
const NS_PER_MS = 1_000_000;

/** How late the event loop was, in milliseconds: whatever waited for it waited so much longer. */
export interface LoopFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/**
 * How late the event loop is. Node itself looks, without running any script, so it costs next to nothing. A span is what
 * lies between two calls of `next`; each figure is that of the worst of the last spans, so that one bad moment is not
 * lost among many good ones.
 */
export class LoopDelay {
  readonly #histogram: IntervalHistogram;
  #past: LoopFigures[] = [];

  /** @param histogram a test puts its own here */
  constructor(histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })) {
    this.#histogram = histogram;
    histogram.enable();
  }

  /** Of the span that has begun, and of the last ones before it. */
  get figures(): LoopFigures {
    const all = [...this.#past, this.#current];
    return {
      p50Ms: Math.max(...all.map(({ p50Ms }) => p50Ms)),
      p99Ms: Math.max(...all.map(({ p99Ms }) => p99Ms)),
      maxMs: Math.max(...all.map(({ maxMs }) => maxMs)),
    };
  }

  /** A new span begins. */
  next(): void {
    this.#past = [...this.#past, this.#current].slice(1 - SPANS);
    this.#histogram.reset();
  }

  close(): void {
    this.#histogram.disable();
  }

  get #current(): LoopFigures {
    const { count, max } = this.#histogram;
    if (count === 0) return { p50Ms: 0, p99Ms: 0, maxMs: 0 };
    const [p50, p99] = [this.#histogram.percentile(50), this.#histogram.percentile(99)];
    return { p50Ms: latenessMs(p50), p99Ms: latenessMs(p99), maxMs: latenessMs(max) };
  }
}

/** What the histogram holds is the time from one look to the next. In tenths of a millisecond. */
function latenessMs(intervalNs: number): number {
  return Math.max(0, Math.round((intervalNs / NS_PER_MS - RESOLUTION_MS) * 10) / 10);
}
