import { afterEach, describe, expect, it } from "vitest";

import type { Client } from "../../client/index.js";
import { connect } from "../../client/index.js";
import { EventLog, seqs, take } from "./eventLog.js";
import { eventually } from "./eventually.js";
import { ScriptedDaemon, SILENCE } from "./scriptedDaemon.js";

const RETRY = { initialIntervalMs: 1, maximumIntervalMs: 5, jitter: 0 };

let daemon: ScriptedDaemon;
let client: Client;
let log: EventLog;

async function start(): Promise<void> {
  daemon = await ScriptedDaemon.start();
  log = new EventLog(daemon);
  client = await connect({ socket: daemon.socket, retry: RETRY });
}

afterEach(async () => {
  await client.close();
  await daemon.stop();
});

const subscribed = (): unknown[] => daemon.of("event/subscribe").map((call) => call.params["sinceSeq"]);
const upTo = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe("a slow consumer", () => {
  it("is unsubscribed when 1,000 events wait, and gets all of them and the rest later", async () => {
    await start();
    const stream = client.events({ sinceSeq: 0 });
    log.happen(2_500);
    await eventually(() => expect(daemon.of("event/unsubscribe")).toHaveLength(1));
    expect(log.subscriptions).toBe(0);
    // Only when everything that waits is taken does it ask for more.
    expect(seqs(await take(stream, 999))).toEqual(upTo(1, 999));
    expect(daemon.of("event/subscribe")).toHaveLength(1);
    expect(seqs(await take(stream, 1_501))).toEqual(upTo(1_000, 2_500));
    log.happen(1);
    expect(seqs(await take(stream, 1))).toEqual([2_501]);
    expect(subscribed().slice(0, 2)).toEqual([0, 1_000]);
  });

  it("is left alone with exactly 1,000", async () => {
    await start();
    const stream = client.events({ sinceSeq: 0 });
    log.happen(1_000);
    await client.daemon.ping();
    expect(daemon.of("event/unsubscribe")).toHaveLength(0);
    expect(seqs(await take(stream, 1_000))).toEqual(upTo(1, 1_000));
    expect(subscribed()).toEqual([0]);
  });

  it("does not mind that the connection breaks meanwhile", async () => {
    await start();
    const stream = client.events({ sinceSeq: 0 });
    log.happen(1_200);
    await eventually(() => expect(log.subscriptions).toBe(0));
    daemon.drop();
    expect(seqs(await take(stream, 1_200))).toEqual(upTo(1, 1_200));
  });
});

describe("the end of a stream", () => {
  it("comes with the end of the loop, and unsubscribes", async () => {
    await start();
    log.happen(3);
    for await (const item of client.events({ sinceSeq: 0 })) if (item.seq === 2) break;
    await eventually(() => expect(log.subscriptions).toBe(0));
    expect(daemon.of("event/unsubscribe")[0]?.params).toEqual({ subscriptionId: "sub-1" });
  });

  it("comes with an error in the loop, and with the end of a block", async () => {
    await start();
    log.happen(1);
    const loop = async (): Promise<void> => {
      for await (const _ of client.events({ sinceSeq: 0 })) throw new Error("mine");
    };
    await expect(loop()).rejects.toThrow("mine");
    {
      await using stream = client.events({ sinceSeq: 0 });
      await take(stream, 1);
    }
    await eventually(() => expect(daemon.of("event/unsubscribe")).toHaveLength(2));
    expect(log.subscriptions).toBe(0);
  });

  it("comes with the signal, and throws nothing", async () => {
    await start();
    const abort = new AbortController();
    const stream = client.events({ signal: abort.signal });
    await eventually(() => expect(log.subscriptions).toBe(1));
    const reading = stream.next();
    abort.abort();
    await expect(reading).resolves.toEqual({ done: true, value: undefined });
    await eventually(() => expect(log.subscriptions).toBe(0));
    await expect(client.events({ signal: abort.signal }).next()).resolves.toMatchObject({ done: true });
    expect(daemon.of("event/subscribe")).toHaveLength(1);
  });

  it("may come before the daemon has answered: then it is unsubscribed afterwards", async () => {
    await start();
    const stream = client.events();
    await stream.return();
    await eventually(() => expect(daemon.of("event/unsubscribe")).toHaveLength(1));
    expect(log.subscriptions).toBe(0);
    await expect(stream.next()).resolves.toEqual({ done: true, value: undefined });
  });

  it("comes with the client's, after what waits was read", async () => {
    await start();
    const stream = client.events({ sinceSeq: 0 });
    await eventually(() => expect(log.subscriptions).toBe(1));
    log.happen(2);
    await client.daemon.ping();
    await client.close();
    expect(seqs(await take(stream, 5))).toEqual([1, 2]);
    await expect(client.events().next()).resolves.toMatchObject({ done: true });
  });
});

describe("a daemon that sends events for nobody", () => {
  it("is left when more come than can be kept for a subscription under way", async () => {
    await start();
    daemon.scripts["event/subscribe"] = ({ peer }) => {
      daemon.scripts["event/subscribe"] = () => SILENCE;
      const event = {
        subscriptionId: "nobody",
        seq: 1,
        at: "",
        type: "session/touched",
        sessionId: "s",
        data: {},
      };
      peer.send(...Array.from({ length: 10_001 }, () => ({ method: "event", params: event })));
      return SILENCE;
    };
    await expect(client.events().next()).rejects.toThrow("events that nobody asked for");
  });

  it("is borne as long as nothing is under way, as are other notifications", async () => {
    await start();
    await client.daemon.ping();
    const { peer } = daemon.of("daemon/ping")[0] ?? {};
    peer?.send(
      { method: "event", params: { subscriptionId: "nobody", seq: 1 } },
      { method: "news", params: {} },
    );
    await expect(client.daemon.ping()).resolves.toMatchObject({ pong: true });
  });
});
