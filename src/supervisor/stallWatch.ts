import { after } from "../schedule/timer.js";
import type { StallReport } from "../session/events.js";
import type { StallPolicy } from "../session/state.js";

type Sign = StallPolicy["watch"][number];

export interface StallWatchParts {
  readonly policy: StallPolicy;
  /** An earlier daemon has told of the stall already. */
  readonly isStalled: boolean;
  /** What was written before: only what is another amount is a sign of life. */
  readonly outputBytes: number;
  /** CPU time that the process had used when the watch began; undefined where that is not known. */
  readonly usedMs: number | undefined;
  /** Wall time, epoch milliseconds: for what is told. What is measured goes by the clock of the timers. */
  readonly nowMs: () => number;
  /** CPU time that the process and its tree have used; undefined where that cannot be known. */
  readonly cpuMs: () => Promise<number | undefined>;
  /** Wall time of the session's last heartbeat. */
  readonly lastBeatAt: () => number | undefined;
  readonly onStall: (seen: StallReport) => void;
  readonly onRecovery: (sign: Sign) => void;
}

/** How often the signs are looked at that nobody tells of: four times until a stall, within these bounds. */
const LOOKS = 4;
const SHORTEST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 15_000;
/** Share of one core that is a sign of life: a program that only waits uses less. */
const BUSY_SHARE = 0.01;

/**
 * Watches one try of a command for signs of life, and tells when none was seen for as long as its policy has it, and when
 * there is one again. Output is told to it; for CPU and heartbeats it looks, and only where they are watched.
 */
export class StallWatch {
  readonly #parts: StallWatchParts;
  readonly #lookMs: number;
  #lastSignMs = performance.now();
  #isStalled: boolean;
  #isClosed = false;
  #cancel: () => void = () => {};
  #outputBytes: number;
  #lastOutputMs: number | undefined;
  #beatAt: number | undefined;
  #usedMs: number | undefined;
  #usedAtMs = performance.now();
  #cpuSinceSignMs: number | undefined;

  constructor(parts: StallWatchParts) {
    this.#parts = parts;
    this.#isStalled = parts.isStalled;
    this.#outputBytes = parts.outputBytes;
    this.#usedMs = parts.usedMs;
    this.#beatAt = parts.lastBeatAt();
    const { afterMs } = parts.policy;
    const lookMs = Math.min(LONGEST_LOOK_MS, Math.max(SHORTEST_LOOK_MS, afterMs / LOOKS));
    this.#lookMs = Math.min(afterMs, lookMs);
    this.#schedule();
  }

  /** The command has written: so many bytes by now. */
  output(totalBytes: number): void {
    if (this.#isClosed || totalBytes === this.#outputBytes) return;
    this.#outputBytes = totalBytes;
    this.#lastOutputMs = performance.now();
    if (this.#watches("output")) this.#seen("output", this.#lastOutputMs);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #watches(sign: Sign): boolean {
    return this.#parts.policy.watch.includes(sign);
  }

  #schedule(leastMs = 0): void {
    this.#cancel();
    if (this.#isClosed) return;
    const dueMs = this.#lastSignMs + this.#parts.policy.afterMs - performance.now();
    // A heartbeat is on record, so before a stall it is early enough to look for it when the time is up.
    const looks = this.#watches("cpu") || (this.#isStalled && this.#watches("heartbeat"));
    const nextMs = Math.min(this.#isStalled ? Infinity : dueMs, looks ? this.#lookMs : Infinity);
    if (nextMs !== Infinity) this.#cancel = after(Math.max(leastMs, nextMs), () => void this.#look());
  }

  async #look(): Promise<void> {
    const isKnown = await this.#lookAtCpu();
    if (this.#isClosed) return;
    this.#lookAtHeartbeat();
    const quietMs = performance.now() - this.#lastSignMs;
    if (!this.#isStalled && isKnown && quietMs >= this.#parts.policy.afterMs) this.#stall(quietMs);
    this.#schedule(isKnown ? 0 : this.#lookMs);
  }

  /** Answers false where it was the first look, which says nothing yet of what was used since. */
  async #lookAtCpu(): Promise<boolean> {
    // What writes lives: no need to look, which costs more the more processes there are.
    const isQuiet = this.#isStalled || performance.now() - this.#lastSignMs >= this.#lookMs;
    if (!this.#watches("cpu") || !isQuiet) return true;
    const usedMs = await this.#parts.cpuMs().catch(() => undefined);
    const nowMs = performance.now();
    if (this.#isClosed || usedMs === undefined) return true;
    const [beforeMs, beforeAtMs] = [this.#usedMs, this.#usedAtMs];
    this.#usedMs = usedMs;
    this.#usedAtMs = nowMs;
    if (beforeMs === undefined) return false;
    const moreMs = Math.max(0, usedMs - beforeMs);
    this.#cpuSinceSignMs = (this.#cpuSinceSignMs ?? 0) + moreMs;
    if (moreMs > 0 && moreMs >= BUSY_SHARE * (nowMs - beforeAtMs)) this.#seen("cpu", nowMs);
    return true;
  }

  #lookAtHeartbeat(): void {
    const at = this.#parts.lastBeatAt();
    if (!this.#watches("heartbeat") || at === undefined || at === this.#beatAt) return;
    this.#beatAt = at;
    const agoMs = Math.max(0, this.#parts.nowMs() - at);
    this.#seen("heartbeat", performance.now() - agoMs);
  }

  #seen(sign: Sign, atMs: number): void {
    this.#lastSignMs = Math.max(this.#lastSignMs, atMs);
    this.#cpuSinceSignMs = this.#watches("cpu") ? 0 : undefined;
    if (!this.#isStalled) return;
    this.#isStalled = false;
    this.#parts.onRecovery(sign);
    this.#schedule();
  }

  #stall(quietMs: number): void {
    this.#isStalled = true;
    const now = this.#parts.nowMs();
    const ago = (atMs: number): number => Math.round(now - (performance.now() - atMs));
    this.#parts.onStall({
      since: Math.round(now - quietMs),
      outputBytes: this.#outputBytes,
      lastOutputAt: this.#lastOutputMs === undefined ? undefined : ago(this.#lastOutputMs),
      cpuMs: this.#cpuSinceSignMs,
      lastHeartbeatAt: this.#parts.lastBeatAt(),
    });
  }
}
