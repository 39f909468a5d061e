import type { EventStream, StreamItem } from "../../client/index.js";
import type { SeenCall, ScriptedDaemon } from "./scriptedDaemon.js";
import { AnswerThen, refusal } from "./scriptedDaemon.js";

interface LoggedEvent {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly sessionId: string;
  readonly data: object;
}

/** Events as the daemon keeps and sends them: first the past, then the present, to every subscription. */
export class EventLog {
  readonly events: LoggedEvent[] = [];
  /** Events up to this seq are gone from the journal. */
  goneSeq = 0;
  readonly #live = new Map<string, SeenCall>();
  #lastId = 0;

  /** @param daemon answers `event/subscribe` and `event/unsubscribe` out of this log from now on. */
  constructor(daemon: ScriptedDaemon) {
    daemon.scripts["event/subscribe"] = (call) => this.#subscribe(call);
    daemon.scripts["event/unsubscribe"] = (call) => this.#unsubscribe(call);
  }

  get seq(): number {
    return this.events.at(-1)?.seq ?? 0;
  }

  /** How many subscriptions there are on connections that hold. */
  get subscriptions(): number {
    return [...this.#live.values()].filter((call) => !call.peer.stream.destroyed).length;
  }

  /** Lets events happen. */
  happen(count = 1): void {
    for (let n = 0; n < count; n++) {
      const seq = this.seq + 1;
      this.events.push({
        seq,
        at: "2026-01-01T00:00:00Z",
        type: "session/touched",
        sessionId: "s",
        data: {},
      });
      for (const [subscriptionId, { peer }] of this.#live) {
        if (!peer.stream.destroyed)
          peer.send(notification(subscriptionId, this.events[seq - 1] as LoggedEvent));
      }
    }
  }

  /** The past up to a seq goes while it is still being sent: every subscription ends. */
  loseTrack(goneSeq: number): void {
    this.goneSeq = goneSeq;
    for (const [subscriptionId, { peer }] of this.#live) {
      peer.send({ method: "event/gap", params: { subscriptionId, oldestSeq: goneSeq + 1 } });
    }
    this.#live.clear();
  }

  #subscribe(call: SeenCall): unknown {
    const sinceSeq = (call.params["sinceSeq"] as number | undefined) ?? this.seq;
    if (call.params["sinceSeq"] !== undefined && sinceSeq < this.goneSeq)
      throw refusal("replay_gap", { oldestSeq: this.goneSeq + 1 });
    const subscriptionId = `sub-${++this.#lastId}`;
    this.#live.set(subscriptionId, call);
    const past = this.events.filter((event) => event.seq > sinceSeq);
    return new AnswerThen(
      { subscriptionId, seq: this.seq },
      past.map((event) => notification(subscriptionId, event)),
    );
  }

  #unsubscribe({ params }: SeenCall): unknown {
    if (!this.#live.delete(params["subscriptionId"] as string)) throw refusal("subscription_not_found");
    return { seq: this.seq };
  }
}

function notification(subscriptionId: string, event: LoggedEvent): object {
  return { method: "event", params: { subscriptionId, ...event } };
}

/** The next `count` items of a stream. */
export async function take(stream: EventStream, count: number): Promise<StreamItem[]> {
  const items: StreamItem[] = [];
  while (items.length < count) {
    const { done, value } = await stream.next();
    if (done === true) break;
    items.push(value);
  }
  return items;
}

/** The seqs of items, in their order. */
export const seqs = (items: readonly StreamItem[]): number[] => items.map((item) => item.seq);
