import { DeadlineHeap } from "../schedule/deadlines.js";
import type { Session, Supervisor } from "../supervisor/supervisor.js";

/** A clock that went back further than this has been set: what was armed by it means nothing now. */
const CLOCK_SET_MS = 1_000;

/**
 * Ends sessions whose limits ran out: idle, lifetime and heartbeat, over one heap of deadlines. The heap
 * holds wall times, as the earliest at which a session could be due; whether it is due is judged when it
 * comes up, because idleness and heartbeats count in up-time, which stands still while the machine sleeps.
 */
export class Timeouts {
  readonly #supervisor: Supervisor;
  readonly #heap = new DeadlineHeap<string>();
  #lastRunAt: number;

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
    this.#lastRunAt = supervisor.clock.nowMs();
    supervisor.onSession((session) => this.#arm(session));
  }

  /** Judges what is due; to be called every second. */
  async run(): Promise<void> {
    // What already waits in the sockets, a heartbeat perhaps, is heard before anything is judged.
    await new Promise((resolve) => setImmediate(resolve));
    const { clock, registry } = this.#supervisor;
    const now = clock.nowMs();
    if (now < this.#lastRunAt - CLOCK_SET_MS) this.#armAll();
    this.#lastRunAt = now;
    const ends: Promise<unknown>[] = [];
    for (const sessionId of this.#heap.popDue(now)) {
      const session = registry.committedSessions.get(sessionId);
      const due = session === undefined ? undefined : this.#supervisor.nextDeadline(session);
      if (session === undefined || due === undefined) continue;
      if (due.leftMs > 0) this.#heap.arm(sessionId, now + due.leftMs);
      else ends.push(this.#expire(session, due.limit));
    }
    await Promise.all(ends);
  }

  async #expire(session: Session, limit: "idle" | "lifetime" | "heartbeat"): Promise<void> {
    try {
      await this.#supervisor.expire(session, limit);
    } finally {
      // A deadline is level-triggered: where the end could not be recorded, it comes up again.
      const now = this.#supervisor.registry.committedSessions.get(session.sessionId);
      if (now !== undefined) this.#arm(now);
    }
  }

  #arm(session: Session): void {
    const due = this.#supervisor.nextDeadline(session);
    if (due !== undefined) this.#heap.arm(session.sessionId, this.#supervisor.clock.nowMs() + due.leftMs);
  }

  #armAll(): void {
    for (const session of this.#supervisor.registry.committedSessions.values()) {
      this.#heap.disarm(session.sessionId);
      this.#arm(session);
    }
  }
}
