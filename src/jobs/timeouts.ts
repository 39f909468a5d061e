import { setImmediate as turn } from "node:timers/promises";

import { DeadlineHeap } from "../schedule/deadlines.js";
import type { Session, Supervisor } from "../supervisor/supervisor.js";

/** A clock that went back further than this has been set: what was armed by it means nothing now. */
const CLOCK_SET_MS = 1_000;
/** So many sessions are judged in one turn of the loop: after a long stop all of them may be due. */
const SLICE = 250;
/** When to look again at a session whose state is still being decided, or whose end could not be recorded. */
const AGAIN_MS = 1_000;

/** What of the supervisor ends sessions. */
export type TimeoutParts = Pick<Supervisor, "clock" | "limits" | "onSession"> & {
  readonly registry: Pick<Supervisor["registry"], "session" | "committedSessions">;
};

/**
 * Ends sessions whose limits ran out: idle, lifetime and heartbeat, over one heap of deadlines. The heap
 * holds wall times, as the earliest at which a session could be due; whether it is due is judged when it
 * comes up, because idleness and heartbeats count in up-time, which stands still while the machine sleeps.
 */
export class Timeouts {
  readonly #parts: TimeoutParts;
  readonly #heap = new DeadlineHeap<string>();
  #lastRunAt: number;

  constructor(parts: TimeoutParts) {
    this.#parts = parts;
    this.#lastRunAt = parts.clock.nowMs();
    parts.onSession((session) => this.#arm(session));
  }

  /** Judges what is due; to be called every second. Rejects where an end could not be recorded: it comes up again. */
  async run(): Promise<void> {
    const now = this.#parts.clock.nowMs();
    if (now < this.#lastRunAt - CLOCK_SET_MS) this.#armAll();
    this.#lastRunAt = now;
    const ends: Promise<unknown>[] = [];
    let due: string[];
    do {
      // What already waits in the sockets, a heartbeat perhaps, is heard before anything is judged: in the first turn
      // it is read, and in the next one it has been carried out.
      await turn();
      await turn();
      due = this.#heap.popDue(now, SLICE);
      for (const sessionId of due) ends.push(this.#judge(sessionId, now));
    } while (due.length === SLICE);
    const failure = (await Promise.all(ends)).find((error) => error !== undefined);
    if (failure !== undefined) throw failure;
  }

  /** Ends a session that is due; answers the error where that could not be recorded. */
  async #judge(sessionId: string, now: number): Promise<unknown> {
    const { registry, limits } = this.#parts;
    const committed = registry.committedSessions.get(sessionId);
    const due = committed === undefined ? undefined : limits.nextDeadline(committed);
    if (due === undefined) return undefined;
    if (due.leftMs > 0) return this.#again(sessionId, now + due.leftMs);
    // A touch that is not durable yet has been heard all the same. Should its write fail, nobody would tell: hence again.
    const head = registry.session(sessionId);
    const atHead = head === undefined ? undefined : limits.nextDeadline(head);
    if (head === undefined || atHead === undefined || atHead.leftMs > 0)
      return this.#again(sessionId, now + AGAIN_MS);
    try {
      await limits.expire(head, atHead.limit);
      return undefined;
    } catch (error) {
      // A deadline is level-triggered. Never at once, though, or a full disk would keep this run from its end.
      this.#again(sessionId, this.#parts.clock.nowMs() + AGAIN_MS);
      return error;
    }
  }

  #again(sessionId: string, atMs: number): undefined {
    this.#heap.arm(sessionId, atMs);
  }

  #arm(session: Session): void {
    const dueMs = this.#parts.limits.dueMs(session);
    if (dueMs !== undefined) this.#heap.arm(session.sessionId, dueMs);
  }

  #armAll(): void {
    for (const session of this.#parts.registry.committedSessions.values()) {
      this.#heap.disarm(session.sessionId);
      this.#arm(session);
    }
  }
}
