import { afterEach, describe, expect, it } from "vitest";

import type { Client } from "../../client/index.js";
import { connect, NotRunningError, SessiondError } from "../../client/index.js";
import { EventLog, seqs, take } from "./eventLog.js";
import { eventually } from "./eventually.js";
import type { Script } from "./scriptedDaemon.js";
import { AnswerThen, refusal, ScriptedDaemon, SILENCE } from "./scriptedDaemon.js";

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

describe("a stream of events", () => {
  it("begins when it is made, not when it is read", async () => {
    await start();
    log.happen(2);
    const stream = client.events();
    await eventually(() => expect(log.subscriptions).toBe(1));
    log.happen(2);
    expect(await take(stream, 2)).toEqual(log.events.slice(2));
  });

  it("asks for what it is told to", async () => {
    await start();
    const stream = client.events({ sessionIds: ["a"], types: ["session/*"], sinceSeq: 0 });
    await eventually(() => expect(log.subscriptions).toBe(1));
    const { params } = daemon.of("event/subscribe")[0] ?? {};
    expect(params).toEqual({ sessionIds: ["a"], types: ["session/*"], sinceSeq: 0 });
    await stream.return();
  });

  it("gets what comes in the same chunk as the answer", async () => {
    await start();
    log.happen(3);
    expect(seqs(await take(client.events({ sinceSeq: 0 }), 3))).toEqual([1, 2, 3]);
  });

  it("keeps two streams apart whose answers and events come together", async () => {
    await start();
    log.happen(5);
    const streams = [client.events({ sinceSeq: 0 }), client.events({ sinceSeq: 3 })] as const;
    const [all, some] = await Promise.all([take(streams[0], 5), take(streams[1], 2)]);
    expect(seqs(all)).toEqual([1, 2, 3, 4, 5]);
    expect(seqs(some)).toEqual([4, 5]);
  });

  it("answers readers that wait at the same time, in order", async () => {
    await start();
    const stream = client.events({ sinceSeq: 0 });
    const reading = Promise.all([stream.next(), stream.next()]);
    await eventually(() => expect(log.subscriptions).toBe(1));
    log.happen(2);
    expect((await reading).map(({ value }) => value?.seq)).toEqual([1, 2]);
  });
});

describe("a stream whose connection breaks", () => {
  it("goes on behind the last event, without gap or duplicate", async () => {
    await start();
    const stream = client.events({ sinceSeq: 0 });
    log.happen(3);
    expect(seqs(await take(stream, 2))).toEqual([1, 2]);
    daemon.drop();
    log.happen(3);
    expect(seqs(await take(stream, 4))).toEqual([3, 4, 5, 6]);
    expect(subscribed()).toEqual([0, 3]);
  });

  it("goes on from where it began if nothing has come yet", async () => {
    await start();
    log.happen(7);
    const stream = client.events();
    await eventually(() => expect(log.subscriptions).toBe(1));
    daemon.drop();
    log.happen(1);
    expect(seqs(await take(stream, 1))).toEqual([8]);
    expect(subscribed()).toEqual([undefined, 7]);
  });

  it("drops what a daemon sends twice", async () => {
    await start();
    log.happen(3);
    const stream = client.events({ sinceSeq: 2 });
    expect(seqs(await take(stream, 1))).toEqual([3]);
    const event = { at: "", type: "session/touched", sessionId: "s", data: {} };
    for (const seq of [2, 3, 4]) {
      daemon
        .of("event/subscribe")[0]
        ?.peer.send({ method: "event", params: { subscriptionId: "sub-1", ...event, seq } });
    }
    expect(seqs(await take(stream, 1))).toEqual([4]);
  });

  it("breaks in the answer to the subscription: subscribes again", async () => {
    await start();
    const subscribe = daemon.scripts["event/subscribe"];
    daemon.scripts["event/subscribe"] = (call) => {
      daemon.scripts["event/subscribe"] = subscribe as Script;
      call.peer.drop();
      return SILENCE;
    };
    log.happen(1);
    expect(seqs(await take(client.events({ sinceSeq: 0 }), 1))).toEqual([1]);
  });

  it("breaks in the same moment in which the answer comes: subscribes again", async () => {
    await start();
    const subscribe = daemon.scripts["event/subscribe"] as Script;
    daemon.scripts["event/subscribe"] = () => {
      daemon.scripts["event/subscribe"] = subscribe;
      const error = { code: -32014, message: "stopping", data: { type: "shutting_down" } };
      return new AnswerThen({ subscriptionId: "lost", seq: 0 }, [{ id: null, error }]);
    };
    log.happen(1);
    expect(seqs(await take(client.events({ sinceSeq: 0 }), 1))).toEqual([1]);
  });

  it("throws what it read before, then the error, when the daemon does not come back", async () => {
    daemon = await ScriptedDaemon.start();
    log = new EventLog(daemon);
    client = await connect({ socket: daemon.socket, retry: { ...RETRY, totalMs: 20 } });
    const stream = client.events({ sinceSeq: 0 });
    log.happen(1);
    await eventually(() => expect(log.subscriptions).toBe(1));
    await client.daemon.ping();
    await daemon.hush();
    expect(seqs(await take(stream, 1))).toEqual([1]);
    await expect(stream.next()).rejects.toThrow(NotRunningError);
    await expect(stream.next()).resolves.toEqual({ done: true, value: undefined });
  });

  it("throws when the daemon refuses it", async () => {
    await start();
    daemon.scripts["event/subscribe"] = () => {
      throw refusal("limit_reached");
    };
    await expect(client.events().next()).rejects.toThrow(SessiondError);
    await expect(client.events({ sinceSeq: 1 }).next()).rejects.toThrow(SessiondError);
  });
});

describe("a gap", () => {
  it("is said once, and the stream goes on from now", async () => {
    await start();
    const stream = client.events({ sinceSeq: 0 });
    log.happen(2);
    await take(stream, 2);
    await daemon.hush();
    log.happen(10);
    log.goneSeq = 8;
    await daemon.listen();
    expect(await take(stream, 1)).toEqual([{ type: "gap", seq: 12, oldestSeq: 9 }]);
    log.happen(2);
    expect(seqs(await take(stream, 2))).toEqual([13, 14]);
    expect(subscribed()).toEqual([0, 2, undefined]);
  });

  it("comes before the events that follow it, also when they come with the answer", async () => {
    await start();
    daemon.scripts["event/subscribe"] = ({ params }) => {
      if (params["sinceSeq"] !== undefined) throw refusal("replay_gap", { oldestSeq: 40 });
      const event = {
        subscriptionId: "x",
        seq: 51,
        at: "",
        type: "session/touched",
        sessionId: "s",
        data: {},
      };
      return new AnswerThen({ subscriptionId: "x", seq: 50 }, [{ method: "event", params: event }]);
    };
    const [gap, event] = await take(client.events({ sinceSeq: 1 }), 2);
    expect(gap).toEqual({ type: "gap", seq: 50, oldestSeq: 40 });
    expect(event).toMatchObject({ type: "session/touched", seq: 51 });
  });

  it("is found also when the daemon loses the past in the middle of it", async () => {
    await start();
    const stream = client.events({ sinceSeq: 0 });
    log.happen(2);
    await take(stream, 2);
    log.loseTrack(8);
    expect(await take(stream, 1)).toEqual([{ type: "gap", seq: 2, oldestSeq: 9 }]);
    log.happen(1);
    expect(seqs(await take(stream, 1))).toEqual([3]);
    await stream.return();
    await eventually(() => expect(log.subscriptions).toBe(0));
  });

  it("is found also when that is said together with the answer", async () => {
    await start();
    daemon.scripts["event/subscribe"] = ({ params }) => {
      if (params["sinceSeq"] === undefined) return { subscriptionId: "new", seq: 50 };
      daemon.scripts["event/subscribe"] = ({ params: again }) => {
        if (again["sinceSeq"] !== undefined) throw refusal("replay_gap", { oldestSeq: 40 });
        return { subscriptionId: "new", seq: 50 };
      };
      const lost = { subscriptionId: "old", oldestSeq: 40 };
      return new AnswerThen({ subscriptionId: "old", seq: 1 }, [{ method: "event/gap", params: lost }]);
    };
    expect(await take(client.events({ sinceSeq: 1 }), 1)).toEqual([{ type: "gap", seq: 50, oldestSeq: 40 }]);
  });
});
