import { expect, it, vi } from "vitest";

import type { EventSink, Feed } from "../../src/supervisor/feed.js";
import type { Connection } from "../../src/server/connection.js";
import { Subscriptions } from "../../src/server/subscriptions.js";
import { nextTurn } from "./served.js";

/** A connection with or without room for a line, and a subscription that is open on it. */
async function subscribed() {
  const lines: unknown[] = [];
  const waiting: (() => void)[] = [];
  const peer = { closed: false, hasRoom: true };
  const connection = {
    get closed() {
      return peer.closed;
    },
    notify: (line: string) => peer.hasRoom && lines.push(JSON.parse(line)) > 0,
    onceWritable: (listener: () => void) => waiting.push(listener),
    onClose: () => undefined,
  } as unknown as Connection;
  const subscribe = vi.fn((_sink: EventSink, _sinceSeq: number) => ({ close: () => undefined }));
  const subscriptions = new Subscriptions({ subscribe } as unknown as Feed, vi.fn());
  const subscriptionId = subscriptions.open(connection, {}, 7);
  await nextTurn();
  const sink = subscribe.mock.lastCall?.[0];
  if (sink === undefined) throw new Error("the subscription was not opened");
  const writable = async (): Promise<void> => {
    for (const listener of waiting.splice(0)) listener();
    await nextTurn();
  };
  return { lines, waiting, peer, sink, subscriptionId, writable };
}

it("tells of a gap once the queue has room for it, as nothing else would", async () => {
  const { lines, waiting, peer, sink, subscriptionId, writable } = await subscribed();
  peer.hasRoom = false;
  sink.gap(40);
  expect(waiting).toHaveLength(1);
  // Another subscription may fill the queue again in between.
  await writable();
  expect(waiting).toHaveLength(1);
  peer.hasRoom = true;
  await writable();
  expect(lines).toEqual([{ jsonrpc: "2.0", method: "event/gap", params: { subscriptionId, oldestSeq: 40 } }]);
  expect(waiting).toEqual([]);
});

it("tells nobody of a gap who is gone", async () => {
  const { waiting, peer, sink, writable } = await subscribed();
  peer.hasRoom = false;
  sink.gap(40);
  peer.closed = true;
  await writable();
  expect(waiting).toEqual([]);
});
