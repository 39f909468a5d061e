import type { Event } from "../../src/session/events.js";
import type { EventSink } from "../../src/supervisor/feed.js";

interface Shown {
  readonly seq: number;
  readonly type: string;
  readonly sessionId: string;
  readonly data: unknown;
}

/** A peer that takes so many events and then none, until it is given room again. */
export class Peer implements EventSink {
  readonly got: Shown[] = [];
  readonly texts: string[] = [];
  readonly gaps: number[] = [];
  readonly failures: unknown[] = [];
  room: number;
  sessionIds: ReadonlySet<string> | undefined;
  types: readonly string[] | undefined;
  #resume: (() => void) | undefined;

  constructor(options: { room?: number; sessionIds?: readonly string[]; types?: readonly string[] } = {}) {
    this.room = options.room ?? Infinity;
    this.sessionIds = options.sessionIds === undefined ? undefined : new Set(options.sessionIds);
    this.types = options.types;
  }

  get seqs(): number[] {
    return this.got.map(({ seq }) => seq);
  }

  get isWaiting(): boolean {
    return this.#resume !== undefined;
  }

  deliver(event: string): boolean {
    if (this.room <= 0) return false;
    this.room -= 1;
    this.texts.push(event);
    this.got.push(JSON.parse(`{${event}`) as Shown);
    return true;
  }

  onceWritable(resume: () => void): void {
    if (this.#resume !== undefined) throw new Error("asked twice");
    this.#resume = resume;
  }

  give(room: number): void {
    this.room += room;
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  gap(oldestSeq: number): void {
    this.gaps.push(oldestSeq);
  }

  failed(error: unknown): void {
    this.failures.push(error);
  }
}

/** Some event; the types differ, so that filters have something to do. */
export const touched = (sessionId: string): Event => ({ type: "session/touched", sessionId, data: {} });
export const paused = (sessionId: string): Event => ({
  type: "session/paused",
  sessionId,
  data: { reason: undefined },
});
export const metadataSet = (sessionId: string): Event => ({
  type: "metadata/set",
  sessionId,
  data: { key: "k", value: 1 },
});
