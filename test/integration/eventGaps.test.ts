import { beforeAll, describe, expect, it } from "vitest";

import type { Result, SessiondError, StreamItem } from "../../client/index.js";
import type { CheckedClient } from "../support/checkedClient.js";
import { daemonForSuite } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until, within } from "../support/until.js";

/** A journal that forgets as fast as it can. */
const FORGETFUL = {
  journal: { segmentBytes: 8_192, minimumSnapshotBytes: 1_024, keepMs: 0, keepBytes: 0 },
  limits: { queueBytes: 16 * 1_024 },
};

describe("events across crashes", () => {
  const daemon = daemonForSuite();

  it("B.3 B.9 the client goes on where it was: nothing twice, nothing missing, kill -9 after kill -9", async () => {
    const [reader, writer] = [await daemon().client(), await daemon().client()];
    const session = await writer.open("written to");
    const events = reader.events({ sessionIds: [session.sessionId], types: ["activity/recorded"] });
    const seen: StreamItem[] = [];
    const reading = (async () => {
      for await (const item of events) {
        seen.push(item);
        if (seen.length === 200) return;
      }
    })();
    // The stream has to be open before the first write: it begins with the present.
    await until("the subscription", async () => (await writer.daemon.status()).subscriptions === 1);
    const written: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const writes = Array.from({ length: 50 }, (_, index) => session.record(`a${round * 50 + index}`));
      await daemon().crash();
      for (const { seq } of await Promise.all(writes)) written.push(seq);
    }
    await reading;
    expect(seen.map((item) => item.seq)).toEqual(written.toSorted((a, b) => a - b));
    expect(new Set(seen.map((item) => item.type === "activity/recorded" && item.data.action)).size).toBe(200);
  });
});

describe("events that are gone", () => {
  const daemon = daemonForSuite({ config: FORGETFUL });
  let writer: Peer;
  let sessionId: string;
  /** Readers that stopped to read in the beginning, and where they were. */
  let slow: Peer;
  let slowAnswer: Result<"event/subscribe">;
  let slowClient: CheckedClient;
  let slowEvents: AsyncIterator<StreamItem>;

  beforeAll(async () => {
    writer = await daemon().peer();
    ({ sessionId } = await writer.call("session/create"));
    slow = await daemon().peer();
    slowAnswer = await slow.call("event/subscribe");
    slowClient = await daemon().checkedClient();
    slowEvents = slowClient.client.events()[Symbol.asyncIterator]();
    await until("both", async () => (await writer.call("daemon/status")).subscriptions === 2);
    slow.socket.pause();
    slowClient.socket()?.pause();
    // More than the socket's buffers and the daemon's queue hold.
    const details = "x".repeat(60_000);
    const record = () => writer.call("session/record", { sessionId, action: "x", details });
    const passed = slowAnswer.seq + 60;
    for (let index = 0; index < 60; index += 1) await record();
    await until("the journal to forget", async () => {
      await record();
      return (await writer.call("daemon/status")).journal.oldestSeq > passed;
    });
  }, 40_000);

  it("B.3 replay_gap names the oldest that is kept, and from there it works", async () => {
    const peer = await daemon().peer();
    const subscription = await until("a subscription", async () => {
      const error: unknown = await peer
        .call("event/subscribe", { sinceSeq: 0 })
        .catch((refused: unknown) => refused);
      expect(error).toMatchObject({ type: "replay_gap", hint: expect.stringContaining("session/list") });
      const { oldestSeq } = (error as SessiondError).details;
      // The journal may forget more in between.
      return peer.call("event/subscribe", { sinceSeq: Number(oldestSeq) - 1 }).catch(() => false as const);
    });
    await peer.when("the oldest", () => peer.events[0]?.seq === subscription.seq + 1);
  });

  it("B.3 the client says that there is a gap, and goes on behind it", async () => {
    const client = await daemon().client();
    const events = client.events({ sinceSeq: 0 });
    const gap = (await events.next()).value;
    const { seq } = await writer.call("session/touch", { sessionId });
    expect(gap).toEqual({ type: "gap", seq: seq - 1, oldestSeq: expect.any(Number) as number });
    expect((await events.next()).value).toMatchObject({ type: "session/touched", seq });
  });

  it("B.3 a reader so slow that the journal passes it by is told so", async () => {
    slow.socket.resume();
    const told = await slow.when("the gap", () => slow.others.find(({ method }) => method === "event/gap"));
    const { subscriptionId, seq } = slowAnswer;
    expect(told.params).toEqual({ subscriptionId, oldestSeq: expect.any(Number) as number });
    const seqs = slow.events.map((event) => event.seq);
    expect(seqs).toEqual(seqs.map((_, index) => seq + 1 + index));
  });

  it("B.3 a program so slow that the journal passes it by gets the gap from its client, and what follows", async () => {
    slowClient.socket()?.resume();
    const items: StreamItem[] = [];
    const { seq } = await writer.call("session/touch", { sessionId });
    while (items.at(-1)?.seq !== seq) {
      const next = await within("what follows", slowEvents.next());
      if (next.done !== true) items.push(next.value);
    }
    const gap = items.findIndex(({ type }) => type === "gap");
    const before = items.slice(0, gap).map((item) => item.seq);
    expect(gap).toBeGreaterThan(0);
    expect(before).toEqual(before.map((_, index) => slowAnswer.seq + 1 + index));
    const from = items[gap]?.seq ?? 0;
    expect(items.slice(gap + 1).map((item) => item.seq)).toEqual(
      Array.from({ length: seq - from }, (_, index) => from + 1 + index),
    );
  });
});
