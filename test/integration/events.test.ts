import { describe, expect, it } from "vitest";

import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

const daemon = daemonForSuite({ inProcess: true });

/** Waits until the peer has got the event of that seq, and answers all that it got so far. */
async function eventsUpTo(peer: Peer, seq: number): Promise<Peer["events"]> {
  return peer.when(`event ${seq}`, () => (peer.events.at(-1)?.seq ?? 0) >= seq && peer.events);
}

function seqsOf(events: Peer["events"]): number[] {
  return events.map((event) => event.seq);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe("subscriptions", () => {
  it("B.3 first the past, then the present, without gap or duplicate", async () => {
    const [writer, peer] = [await daemon().peer(), await daemon().peer()];
    const { sessionId, seq: first } = await writer.call("session/create", { name: "watched" });
    const record = () => writer.call("session/record", { sessionId, action: "x", details: "d" });
    for (let index = 0; index < 50; index += 1) await record();
    // More comes in while the past is being read.
    const writes = Array.from({ length: 200 }, record);
    const { subscriptionId, seq } = await peer.call("event/subscribe", { sinceSeq: first - 1 });
    expect(seq).toBe(first - 1);
    const last = Math.max(...(await Promise.all(writes)).map((written) => written.seq));
    const events = await eventsUpTo(peer, last);
    expect(seqsOf(events)).toEqual(range(first, last));
    expect(events[0]).toMatchObject({ type: "session/created", sessionId, data: { name: "watched" } });
    expect(new Set(events.map((event) => event.subscriptionId))).toEqual(new Set([subscriptionId]));
  });

  it("B.3 without sinceSeq from now on", async () => {
    const [writer, peer] = [await daemon().peer(), await daemon().peer()];
    const { sessionId, seq: created } = await writer.call("session/create");
    const { seq } = await peer.call("event/subscribe");
    expect(seq).toBe(created);
    const { seq: last } = await writer.call("session/touch", { sessionId });
    expect(seqsOf(await eventsUpTo(peer, last))).toEqual([last]);
  });

  it("B.3 an event is seen only when it is durable, and never after its own answer's reader could have asked", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    await peer.call("event/subscribe", { sessionIds: [sessionId] });
    for (let index = 0; index < 20; index += 1) {
      const { seq } = await peer.call("session/record", { sessionId, action: `a${index}` });
      const [event] = (await eventsUpTo(peer, seq)).slice(-1);
      expect(event).toMatchObject({ seq, type: "activity/recorded", data: { action: `a${index}` } });
    }
  });

  it("B.3 filters by session, by type, by namespace", async () => {
    const writer = await daemon().peer();
    const [one, other] = [await writer.call("session/create"), await writer.call("session/create")];
    const sinceSeq = other.seq;
    const filters = {
      one: { sessionIds: [one.sessionId] },
      ended: { types: ["session/ended"] },
      sessions: { types: ["session/*"] },
      both: { sessionIds: [one.sessionId], types: ["metadata/*", "session/ended"] },
      none: { types: ["session/archived"] },
    };
    const live: Record<string, Peer> = {};
    for (const [name, filter] of Object.entries(filters)) {
      live[name] = await daemon().peer();
      await live[name].call("event/subscribe", filter);
    }
    for (const { sessionId } of [one, other]) {
      await writer.call("metadata/set", { sessionId, key: "k", value: 1 });
      await writer.call("session/end", { sessionId });
    }
    const marker = await daemon().peer();
    await marker.call("event/subscribe", { sinceSeq });
    await eventsUpTo(marker, sinceSeq + 4);
    const expected: Record<keyof typeof filters, string[]> = {
      one: ["metadata/set", "session/ended"],
      ended: ["session/ended", "session/ended"],
      sessions: ["session/ended", "session/ended"],
      both: ["metadata/set", "session/ended"],
      none: [],
    };
    for (const [name, filter] of Object.entries(filters)) {
      const types = expected[name as keyof typeof filters];
      const past = await daemon().peer();
      await past.call("event/subscribe", { ...filter, sinceSeq });
      for (const peer of [live[name], past]) {
        if (peer === undefined) continue;
        await peer.when("its events", () => peer.events.length >= types.length);
        // What comes behind the answer to a call would have come before it.
        await peer.call("daemon/ping");
        expect(
          peer.events.map(({ type }) => type),
          name,
        ).toEqual(types);
      }
    }
  });

  it("B.3 several subscriptions of one connection are told apart, and end one by one", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const first = await peer.call("event/subscribe", { sessionIds: [sessionId] });
    const second = await peer.call("event/subscribe", { types: ["session/touched"] });
    const touched = await peer.call("session/touch", { sessionId });
    await peer.when("both", () => peer.events.length === 2);
    expect(new Set(peer.events.map(({ subscriptionId }) => subscriptionId)).size).toBe(2);
    await peer.call("event/unsubscribe", { subscriptionId: first.subscriptionId });
    const { seq } = await peer.call("session/touch", { sessionId });
    await eventsUpTo(peer, seq);
    const later = peer.events.filter((event) => event.seq > touched.seq);
    expect(later.map(({ subscriptionId }) => subscriptionId)).toEqual([second.subscriptionId]);
    const again = peer.call("event/unsubscribe", { subscriptionId: first.subscriptionId });
    await expect(again).rejects.toMatchObject({ type: "subscription_not_found" });
    const other = await daemon().peer();
    const foreign = other.call("event/unsubscribe", { subscriptionId: second.subscriptionId });
    await expect(foreign).rejects.toMatchObject({ type: "subscription_not_found" });
  });

  it("B.3 so many of one connection and no more; they end with it", async () => {
    const peer = await daemon().peer();
    for (let index = 0; index < 64; index += 1) await peer.call("event/subscribe");
    await expect(peer.call("event/subscribe")).rejects.toMatchObject({
      type: "limit_reached",
      details: { limit: "subscriptionsPerConnection" },
    });
    peer.close();
    const watcher = await daemon().peer();
    await until("the subscriptions to end", async () => {
      return (await watcher.call("daemon/status")).subscriptions < 60;
    });
  });

  it("B.3 refuses a seq that has never been", async () => {
    const peer = await daemon().peer();
    const refused = peer.call("event/subscribe", { sinceSeq: 1_000_000_000 });
    await expect(refused).rejects.toMatchObject({ type: "replay_gap" });
  });
});

describe("a slow reader", () => {
  it("B.3 gets everything, once and in order, and holds nobody up", async () => {
    const own = await daemonForTest({ config: { limits: { queueBytes: 32 * 1_024 } } });
    const [writer, slow, quick] = [await own.peer(), await own.peer(), await own.peer()];
    const { sessionId, seq: first } = await writer.call("session/create");
    for (const peer of [slow, quick]) await peer.call("event/subscribe", { sinceSeq: first });
    slow.socket.pause();
    const details = "x".repeat(1_000);
    let last = 0;
    for (let round = 0; round < 3; round += 1) {
      const writes = Array.from({ length: 600 }, () => {
        return writer.call("session/record", { sessionId, action: "x", details });
      });
      last = Math.max(...(await Promise.all(writes)).map(({ seq }) => seq));
      // It takes a part, and stops again: from the files to the present and back.
      slow.socket.resume();
      await slow.when("a part", () => slow.events.length > round * 500);
      slow.socket.pause();
    }
    expect(seqsOf(await eventsUpTo(quick, last))).toEqual(range(first + 1, last));
    expect(slow.events.length).toBeLessThan(last - first);
    slow.socket.resume();
    await eventsUpTo(slow, last);
    const { seq } = await writer.call("session/touch", { sessionId });
    expect(seqsOf(await eventsUpTo(slow, seq))).toEqual(range(first + 1, seq));
  });
});
