import { beforeEach, describe, expect, it } from "vitest";

import type { Event } from "../../src/session/events.js";
import { Feed } from "../../src/supervisor/feed.js";
import { create, decided, headOf, onlyEvent } from "../session/samples.js";
import { settled } from "./ledgerBench.js";
import { metadataSet, paused, Peer, touched } from "./peer.js";
import { ScriptedJournal } from "./scriptedJournal.js";

let journal: ScriptedJournal;
let feed: Feed;
beforeEach(() => {
  journal = new ScriptedJournal();
  feed = new Feed(journal);
});

/** Appends a record; it is published when it is durable. */
function append(...events: Event[]): void {
  const at = 1_000;
  const seq = journal.append({ at, up: 5, events }, (error) => {
    if (error === undefined) feed.publish({ seq, at, up: 5, events });
  });
}

function publish(...events: Event[]): void {
  append(...events);
  journal.sync();
}

describe("a subscription", () => {
  it("gets what happens from now on, as it is shown", async () => {
    publish(touched("before"));
    const peer = new Peer();
    feed.subscribe(peer, journal.committed);
    publish(paused("s"));
    expect(peer.texts).toEqual([
      '"seq":2,"at":"1970-01-01T00:00:01.000Z","type":"session/paused","sessionId":"s","data":{}}',
    ]);
    await settled();
    expect(peer.seqs).toEqual([2]);
  });

  it("gets the past first, from the event after the one that it knows, also inside a record", async () => {
    publish(touched("a"));
    publish(touched("b"), touched("c"), touched("d"));
    const peers = [0, 1, 2, 3, 4].map((sinceSeq) => {
      const peer = new Peer();
      feed.subscribe(peer, sinceSeq);
      return peer;
    });
    publish(touched("e"));
    await settled();
    publish(touched("f"));
    await settled();
    expect(peers.map(({ seqs }) => seqs)).toEqual([
      [1, 2, 3, 4, 5, 6],
      [2, 3, 4, 5, 6],
      [3, 4, 5, 6],
      [4, 5, 6],
      [5, 6],
    ]);
  });

  it("gets nothing before it is durable", async () => {
    const peer = new Peer();
    feed.subscribe(peer, 0);
    append(touched("a"));
    await settled();
    expect(peer.seqs).toEqual([]);
    journal.refuse();
    await settled();
    expect(peer.seqs).toEqual([]);
  });

  it("gets what matches its filters", async () => {
    const all = { sessionIds: ["a", "b"], types: ["session/paused", "metadata/"] };
    const peers = [
      new Peer({ sessionIds: all.sessionIds }),
      new Peer({ types: all.types }),
      new Peer(all),
      new Peer({ types: ["session"] }),
      new Peer({ types: [] }),
    ];
    publish(touched("a"), paused("b"), paused("c"));
    for (const peer of peers) feed.subscribe(peer, 0);
    await settled();
    publish(metadataSet("a"), metadataSet("c"), touched("b"));
    expect(peers.map(({ seqs }) => seqs)).toEqual([[1, 2, 4, 6], [2, 3, 4, 5], [2, 4], [], []]);
  });

  it("ends when it is closed, while it reads, waits or is live", async () => {
    for (let count = 0; count < 5; count++) publish(touched("a"));
    const peers = { reading: new Peer(), waiting: new Peer({ room: 2 }), live: new Peer() };
    const reading = feed.subscribe(peers.reading, 0);
    const waiting = feed.subscribe(peers.waiting, 0);
    const live = feed.subscribe(peers.live, 5);
    expect(feed.size).toBe(3);
    reading.close();
    await settled();
    expect(peers.waiting.isWaiting).toBe(true);
    waiting.close();
    live.close();
    live.close();
    expect(feed.size).toBe(0);
    peers.waiting.give(9);
    publish(touched("a"));
    await settled();
    expect(Object.values(peers).map(({ seqs }) => seqs)).toEqual([[], [1, 2], []]);
  });

  it("delivers nothing more once its peer has closed it, and never comes back", async () => {
    publish(touched("a"), touched("b"), touched("c"));
    for (const more of [[], [touched("d"), touched("e")]]) {
      for (const takes of [true, false]) {
        const peer = new Peer();
        const delivered: string[] = [];
        const subscription = feed.subscribe(
          {
            deliver: (event) => {
              delivered.push(event);
              subscription.close();
              return takes;
            },
            onceWritable: () => delivered.push("asked for room"),
            gap: () => undefined,
            failed: (error) => peer.failed(error),
          },
          0,
        );
        if (more.length > 0) publish(...more);
        await settled();
        expect(delivered).toHaveLength(1);
        expect(peer.failures).toEqual([]);
        expect(feed.size).toBe(0);
      }
    }
  });

  it("delivers nothing more of a record in which its peer has closed it", () => {
    const delivered: string[] = [];
    const subscription = feed.subscribe(
      {
        deliver: (event) => delivered.push(event) > 0 && (subscription.close(), true),
        onceWritable: () => undefined,
        gap: () => undefined,
        failed: () => undefined,
      },
      0,
    );
    publish(touched("a"), touched("b"));
    expect(delivered).toHaveLength(1);
    expect(feed.size).toBe(0);
  });

  it("ends with a gap where the journal no longer reaches back", async () => {
    for (let count = 0; count < 5; count++) publish(touched("a"));
    journal.forgetBefore(3);
    const peers = [1, 2].map((sinceSeq) => {
      const peer = new Peer();
      feed.subscribe(peer, sinceSeq);
      return peer;
    });
    await settled();
    publish(touched("a"));
    await settled();
    expect(peers.map(({ seqs, gaps }) => ({ seqs, gaps }))).toEqual([
      { seqs: [], gaps: [3] },
      { seqs: [3, 4, 5, 6], gaps: [] },
    ]);
    expect(feed.size).toBe(1);
  });

  it("ends with a gap where it was too slow for the journal", async () => {
    const peer = new Peer({ room: 1 });
    feed.subscribe(peer, 0);
    for (let count = 0; count < 5; count++) publish(touched("a"));
    journal.forgetBefore(4);
    peer.give(9);
    await settled();
    expect({ seqs: peer.seqs, gaps: peer.gaps }).toEqual({ seqs: [1], gaps: [4] });
  });

  it("ends with the error where the journal cannot be read, unless it has ended already", async () => {
    publish(touched("a"));
    journal.readFailure = new Error("EIO");
    const [open, closed] = [new Peer(), new Peer()];
    feed.subscribe(open, 0);
    feed.subscribe(closed, 0).close();
    await settled();
    expect(open.failures).toEqual([journal.readFailure]);
    expect(closed.failures).toEqual([]);
    expect(feed.size).toBe(0);
  });
});

describe("many subscribers", () => {
  it("share the text of an event", () => {
    const peers = [new Peer(), new Peer(), new Peer({ types: ["session/created"] })];
    for (const peer of peers) feed.subscribe(peer, 0);
    publish(onlyEvent(decided(headOf([]), create({ name: "build" }))));
    expect(peers[0]?.got).toMatchObject([{ seq: 1, type: "session/created", data: { name: "build" } }]);
    for (const peer of peers) expect(peer.texts[0]).toBe(peers[0]?.texts[0]);
  });

  it("do not wait for each other", async () => {
    const [slow, quick] = [new Peer({ room: 0 }), new Peer()];
    feed.subscribe(slow, 0);
    feed.subscribe(quick, 0);
    for (let count = 0; count < 3; count++) publish(touched("a"));
    expect(quick.seqs).toEqual([1, 2, 3]);
    expect(slow.isWaiting).toBe(true);
    slow.give(9);
    await settled();
    expect(slow.seqs).toEqual([1, 2, 3]);
  });
});
