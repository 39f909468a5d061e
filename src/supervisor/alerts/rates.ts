import type { Event } from "../../session/events.js";
import { Window } from "./window.js";

/** What is counted. */
export type Rate = "errors" | "commands" | "activities";

/** Sessions that are counted one by one; the one that has been there longest makes room. */
const MOST_SESSIONS = 20_000;

interface Counted {
  readonly windows: Readonly<Record<Rate, Window>>;
}

/**
 * What happened in the last minute of up-time, in each session and in all of them together. One event costs one entry of a
 * map; a session in which nothing happens for a minute costs nothing.
 */
export class Rates {
  readonly #upMs: () => number;
  readonly #all = counted();
  readonly #sessions = new Map<string, Counted>();

  constructor(upMs: () => number) {
    this.#upMs = upMs;
  }

  /** How many sessions something happened in. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Takes note of what has become durable. */
  note(events: readonly Event[]): void {
    for (const event of events) {
      const rate = rateOf(event);
      if (rate !== undefined && event.sessionId !== undefined) this.count(event.sessionId, rate, 1);
    }
  }

  count(sessionId: string, rate: Rate, count: number): void {
    const upMs = this.#upMs();
    this.#all.windows[rate].add(upMs, count);
    let one = this.#sessions.get(sessionId);
    if (one === undefined) {
      if (this.#sessions.size >= MOST_SESSIONS) this.#dropOldest();
      one = counted();
      this.#sessions.set(sessionId, one);
    }
    one.windows[rate].add(upMs, count);
  }

  /** How many there were in the last minute, of one session, or of all where none is named. */
  perMinute(rate: Rate, sessionId?: string): number {
    const one = sessionId === undefined ? this.#all : this.#sessions.get(sessionId);
    return one?.windows[rate].sum(this.#upMs()) ?? 0;
  }

  /** Forgets the sessions in which nothing happened any more; to be called now and then. */
  prune(): void {
    const upMs = this.#upMs();
    for (const [sessionId, { windows }] of this.#sessions) {
      const isSilent = Object.values(windows).every((window) => window.sum(upMs) === 0);
      if (isSilent) this.#sessions.delete(sessionId);
    }
  }

  #dropOldest(): void {
    for (const sessionId of this.#sessions.keys()) {
      this.#sessions.delete(sessionId);
      return;
    }
  }
}

function counted(): Counted {
  return { windows: { errors: new Window(), commands: new Window(), activities: new Window() } };
}

/** What an event counts as. What came with a session that was imported is history, and counts as nothing. */
function rateOf(event: Event): Rate | undefined {
  switch (event.type) {
    case "command/accepted":
      return "commands";
    case "activity/recorded":
      return event.data.at === undefined ? "activities" : undefined;
    // Each try that failed is one of these two.
    case "command/retrying":
      return "errors";
    case "command/ended":
      return event.data.status === "succeeded" || event.data.status === "cancelled" ? undefined : "errors";
    case "invocation/finished":
    case "invocation/linked":
      return event.data.status === "failed" ? "errors" : undefined;
    default:
      return undefined;
  }
}
