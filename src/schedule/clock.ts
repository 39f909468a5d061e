import { uptime } from "node:os";

/** The two times that everything is judged by. */
export interface Clock {
  /** Wall time in epoch milliseconds: for people, and for limits that mean the calendar. It may jump. */
  nowMs(): number;
  /**
   * Cumulative up-time: how long daemons have been awake over this data, in milliseconds, over all restarts. It
   * never goes back, and stands still while nobody was there to see a session's activity.
   */
  upMs(): number;
}

export interface SystemClockOptions {
  /** The up-time that earlier daemons left behind. */
  readonly baseUpMs: number;
  /** Told by `tick` that the time `gapMs` was not counted. */
  readonly onGap?: (gapMs: number) => void;
  /** Milliseconds on a clock that never jumps. */
  readonly monotonicMs?: () => number;
  /** Milliseconds since the machine started, sleep included. */
  readonly bootMs?: () => number;
  readonly wallMs?: () => number;
}

/** A clock of the running system. */
export interface SystemClock extends Clock {
  /**
   * Looks at the clocks, and reports a gap if there was one. It is to be called at least once a second, and before
   * deadlines are judged.
   */
  tick(): void;
  /** Goes on from `upMs` at least: the journal knows of up-time that the base did not. */
  advanceTo(upMs: number): void;
}

/** A longer silence between two looks means that the daemon was not there. */
const LONGEST_LOOK_MS = 2_000;

/**
 * Opens the system's clock, going on from `baseUpMs`.
 *
 * Up-time follows the monotonic clock, look by look (`tick` and `upMs` look). A gap of **over 2,000 ms** between two
 * looks means that the machine slept, the daemon was stopped (SIGSTOP) or its loop was blocked: heartbeats could not
 * be heard then, so a gap adds nothing at all. A gap of 2,000 ms or less counts in full.
 *
 * Sleep is such a gap on macOS, where the monotonic clock goes on in it (libuv asks `mach_continuous_time`). On Linux
 * that clock stands still in it, so sleep adds nothing by itself. To report it there, `tick` looks at the time since
 * boot, which goes on and, unlike the wall clock, is not moved by setting the time.
 */
export function openSystemClock(options: SystemClockOptions): SystemClock {
  const monotonicMs = options.monotonicMs ?? (() => performance.now());
  const bootMs = options.bootMs ?? (() => uptime() * 1_000);
  const wallMs = options.wallMs ?? Date.now;

  let upMs = options.baseUpMs;
  let unreportedGapMs = 0;
  let seenMonotonicMs = monotonicMs();
  let tickMonotonicMs = seenMonotonicMs;
  let tickBootMs = bootMs();

  // Asked for with every write, so it looks at the one clock that costs nothing.
  const look = (): void => {
    const nowMs = monotonicMs();
    const passedMs = nowMs - seenMonotonicMs;
    seenMonotonicMs = nowMs;
    if (passedMs > LONGEST_LOOK_MS) unreportedGapMs += passedMs;
    else upMs += Math.max(0, passedMs);
  };

  return {
    nowMs: wallMs,
    upMs: () => {
      look();
      return upMs;
    },
    tick: () => {
      look();
      const bootNowMs = bootMs();
      const sleptMs = bootNowMs - tickBootMs - (seenMonotonicMs - tickMonotonicMs);
      tickMonotonicMs = seenMonotonicMs;
      tickBootMs = bootNowMs;
      const gapMs = unreportedGapMs + (sleptMs > LONGEST_LOOK_MS ? sleptMs : 0);
      // Reset first: whoever is told may well look at the clock again.
      unreportedGapMs = 0;
      if (gapMs > 0) options.onGap?.(gapMs);
    },
    advanceTo: (knownUpMs) => {
      upMs = Math.max(upMs, knownUpMs);
    },
  };
}
