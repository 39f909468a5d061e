import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { openMemoryJournal } from "../../src/journal/index.js";
import type { Event } from "../../src/session/events.js";
import { Feed } from "../../src/supervisor/feed.js";
import { settled } from "./ledgerBench.js";
import { Peer, touched } from "./peer.js";
import { ScriptedJournal } from "./scriptedJournal.js";

/** Appends a record of events of these sessions; it is published when it is durable. */
function append(journal: ScriptedJournal, feed: Feed, sessionIds: readonly string[]): void {
  const body = { at: 1_000, up: 5, events: sessionIds.map((sessionId) => touched(sessionId)) };
  const seq = journal.append(body, (error) => {
    if (error === undefined) feed.publish({ ...body, seq });
  });
}

describe("whatever happens in whatever order", () => {
  const acts = fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ append: fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 3 }) }),
      },
      { weight: 3, arbitrary: fc.record({ sync: fc.integer({ min: 1, max: 3 }) }) },
      { weight: 1, arbitrary: fc.record({ refuse: fc.constant(true) }) },
      { weight: 3, arbitrary: fc.record({ give: fc.integer({ min: 1, max: 4 }), peer: fc.nat(2) }) },
      { weight: 4, arbitrary: fc.record({ turns: fc.integer({ min: 1, max: 6 }) }) },
      { weight: 1, arbitrary: fc.record({ subscribe: fc.nat(9), room: fc.nat(3) }) },
    ),
    { maxLength: 60, size: "max" },
  );

  it("each subscriber gets every event after its seq once, in order", async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (list) => {
        const journal = new ScriptedJournal();
        const feed = new Feed(journal);
        const peers: { readonly peer: Peer; readonly sinceSeq: number }[] = [];
        const subscribe = (sinceSeq: number, peer: Peer): void => {
          feed.subscribe(peer, sinceSeq);
          peers.push({ peer, sinceSeq });
        };
        subscribe(0, new Peer({ room: 1, sessionIds: ["a"] }));
        for (const act of list) {
          if ("append" in act) append(journal, feed, act.append);
          else if ("sync" in act) journal.sync(act.sync);
          else if ("refuse" in act) journal.refuse();
          else if ("give" in act) peers[act.peer]?.peer.give(act.give);
          else if ("subscribe" in act) {
            subscribe(Math.min(act.subscribe, journal.committed), new Peer({ room: act.room }));
          } else for (let turn = 0; turn < act.turns; turn++) await Promise.resolve();
        }
        journal.sync();
        for (const { peer } of peers) peer.give(Infinity);
        await settled();
        const all = journal.records.flatMap(({ events, seq }) =>
          (events as Event[]).map(({ sessionId }, index) => ({
            seq: seq - events.length + 1 + index,
            sessionId,
          })),
        );
        for (const { peer, sinceSeq } of peers) {
          const own = all.filter(
            ({ seq, sessionId }) => seq > sinceSeq && (peer.sessionIds?.has(sessionId ?? "") ?? true),
          );
          expect(peer.seqs).toEqual(own.map(({ seq }) => seq));
          expect(peer.failures).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("also over the journal in memory", async () => {
    const memory = openMemoryJournal();
    const own = new Feed(memory);
    const peer = new Peer({ room: 2 });
    own.subscribe(peer, 0);
    for (let count = 1; count <= 5; count++) {
      const events = [touched("a")];
      const seq = memory.append({ at: 1, up: 1, events }, () => own.publish({ seq, at: 1, up: 1, events }));
      if (count % 2 === 0) await settled();
    }
    await settled();
    expect(peer.seqs).toEqual([1, 2]);
    peer.give(9);
    await settled();
    expect(peer.seqs).toEqual([1, 2, 3, 4, 5]);
  });
});
