import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Client, Lease } from "../../client/index.js";
import { connect, SessiondError } from "../../client/index.js";
import { eventually } from "./eventually.js";
import { AnswerThen, refusal, ScriptedDaemon, type Script, SILENCE } from "./scriptedDaemon.js";
import { SessionStore } from "./sessionStore.js";

const RETRY = { initialIntervalMs: 1, maximumIntervalMs: 5, totalMs: 200 };

let daemon: ScriptedDaemon;
let client: Client;
let epoch: number;

/** Gives out leases `k1`, `k2`, …, and the one that is shown again. */
const give: Script = ({ params }) => {
  if (params["lease"] !== undefined) return { lease: params["lease"], epoch, seq: 9 };
  epoch += 1;
  return { lease: `k${epoch}`, epoch, seq: 9 };
};

const takenBy = (newer: number, holder?: string, sessionId = "id-1"): object => ({
  method: "session/taken",
  params: { sessionId, epoch: newer, holder },
});

function tell(message: object): void {
  for (const peer of daemon.peers) peer.send(message);
}

/** The reason for which a lease is lost, as soon as it is. */
async function reasonOf(lease: Lease): Promise<unknown> {
  await eventually(() => expect(lease.lost.aborted).toBe(true));
  return lease.lost.reason;
}

/** The leases that the calls of a method showed. */
const shown = (method: string): unknown[] => daemon.of(method).map(({ params }) => params["lease"]);

beforeEach(async () => {
  epoch = 0;
  daemon = await ScriptedDaemon.start();
  new SessionStore(daemon).add();
  daemon.scripts["session/claim"] = give;
  for (const method of [
    "session/release",
    "session/touch",
    "session/record",
    "metadata/set",
    "command/signal",
  ])
    daemon.scripts[method] = () => ({ seq: 10 });
  client = await connect({ socket: daemon.socket, retry: RETRY });
});

afterEach(async () => {
  await client.close();
  await daemon.stop();
});

describe("a claim", () => {
  it("asks for what it is told to, and answers a lease that every write of the handle shows", async () => {
    const session = await client.open("id-1");
    await session.touch();
    const lease = await session.claim({ takeover: true, holder: "ada" });
    expect(daemon.of("session/claim")[0]?.params).toEqual({
      sessionId: "id-1",
      takeover: true,
      holder: "ada",
      idempotencyKey: expect.any(String) as string,
    });
    expect(lease).toMatchObject({ sessionId: "id-1", token: "k1", epoch: 1, isReleased: false });
    expect(lease.lost.aborted).toBe(false);
    await session.touch();
    await session.record("looked");
    await session.metadata.set("k", 1);
    await session.command("c").signal();
    await session.get();
    expect(shown("session/touch")).toEqual([undefined, "k1"]);
    for (const method of ["session/record", "metadata/set", "command/signal"])
      expect(shown(method)).toEqual(["k1"]);
    expect(daemon.of("session/get").at(-1)?.params).toEqual({ sessionId: "id-1" });
    // The namespaces are nobody's in particular.
    await client.session.touch({ sessionId: "id-1" });
    expect(shown("session/touch").at(-1)).toBeUndefined();
  });

  it("is made once: a handle that has a lease answers it", async () => {
    const session = await client.open("id-1");
    const lease = await session.claim();
    expect(await session.claim()).toBe(lease);
    await lease.release();
    expect(await session.claim()).toMatchObject({ epoch: 2 });
  });

  it("whose answer got lost is made again under the same key", async () => {
    daemon.scripts["session/claim"] = () => SILENCE;
    const claiming = client.claim("id-1", { holder: "ada" });
    await eventually(() => expect(daemon.of("session/claim")).toHaveLength(1));
    daemon.scripts["session/claim"] = give;
    daemon.drop();
    await claiming;
    await client.daemon.ping();
    const [first, second, ...others] = daemon.of("session/claim");
    expect(second?.params).toEqual(first?.params);
    expect(others).toEqual([]);
  });

  it("that is refused is an error, and the handle writes as before", async () => {
    daemon.scripts["session/claim"] = () => {
      throw refusal("lease_held", { epoch: 4, holder: "ben" });
    };
    const session = await client.open("id-1");
    await expect(session.claim()).rejects.toMatchObject({
      type: "lease_held",
      details: { epoch: 4, holder: "ben" },
    });
    await session.touch();
    expect(shown("session/touch")).toEqual([undefined]);
  });

  it("can be made without a handle", async () => {
    const lease = await client.claim("id-1", { holder: "ada" });
    expect(lease).toMatchObject({ token: "k1", epoch: 1 });
    await lease.release();
    expect(shown("session/release")).toEqual(["k1"]);
  });

  it("comes with the opening where that is asked for", async () => {
    const session = await client.open("task", { purpose: "x", claim: true });
    expect(daemon.of("session/create")[0]?.params).not.toHaveProperty("claim");
    await session.touch();
    expect(shown("session/touch")).toEqual(["k1"]);
    await client.open("id-1", { claim: { takeover: true } });
    expect(daemon.of("session/claim").at(-1)?.params).toMatchObject({ sessionId: "id-1", takeover: true });
    daemon.scripts["session/claim"] = () => {
      throw refusal("lease_held");
    };
    await expect(client.open("id-1", { claim: true })).rejects.toMatchObject({ type: "lease_held" });
  });
});

describe("a lease", () => {
  it("is let go once, and shown no more", async () => {
    const session = await client.open("id-1");
    {
      await using lease = await session.claim();
      await lease.release();
    }
    expect(shown("session/release")).toEqual(["k1"]);
    await session.touch();
    expect(shown("session/touch")).toEqual([undefined]);
    daemon.drop();
    await session.touch();
    expect(daemon.of("session/claim")).toHaveLength(1);
  });

  it("that is over when it is let go stays so, and anything else is an error", async () => {
    const session = await client.open("id-1");
    for (const type of ["lease_lost", "session_not_found"]) {
      daemon.scripts["session/release"] = () => {
        throw refusal(type);
      };
      await (await session.claim()).release();
    }
    daemon.scripts["session/release"] = () => {
      throw refusal("journal_unavailable");
    };
    await expect((await session.claim()).release()).rejects.toMatchObject({ type: "journal_unavailable" });
  });

  it("is taken up again when the connection breaks, as often as it does", async () => {
    const session = await client.open("id-1");
    const lease = await session.claim({ holder: "ada" });
    for (const count of [1, 2, 3]) {
      daemon.drop();
      await eventually(() => expect(daemon.of("session/claim")).toHaveLength(1 + count));
      expect(daemon.of("session/claim").at(-1)?.params).toEqual({ sessionId: "id-1", lease: "k1" });
    }
    expect(lease.lost.aborted).toBe(false);
    await session.touch();
    expect(shown("session/touch")).toEqual(["k1"]);
  });

  it("is lost when somebody takes it over, and goes on being shown: no write may pass as a stranger's", async () => {
    const session = await client.open("id-1");
    const lease = await session.claim();
    tell(takenBy(2, "ben", "another"));
    tell(takenBy(2, "ben"));
    expect(await reasonOf(lease)).toMatchObject({
      name: "SessiondError",
      type: "lease_lost",
      message: 'Session "id-1" was taken over by "ben".',
      details: { epoch: 2, holder: "ben" },
    });
    await session.touch();
    expect(shown("session/touch")).toEqual(["k1"]);
    await lease.release();
    expect(shown("session/release")).toEqual([]);
  });

  it("is lost when the takeover stands in the same chunk as the answer", async () => {
    daemon.scripts["session/claim"] = (call) =>
      new AnswerThen(give(call), [takenBy(3), takenBy(2, "too late")]);
    const lease = await client.claim("id-1");
    expect(await reasonOf(lease)).toMatchObject({
      message: 'Session "id-1" was taken over by somebody else.',
    });
  });

  it("is not lost by what is told of itself, or of a lease before it", async () => {
    const [first, second] = [await client.open("id-1"), await client.open("id-1")];
    const former = await first.claim();
    const lease = await second.claim({ takeover: true });
    tell(takenBy(2));
    await reasonOf(former);
    expect(lease.lost.aborted).toBe(false);
    expect(lease.epoch).toBe(2);
  });

  it("is lost when a write with it is refused, or taking it up again", async () => {
    const session = await client.open("id-1");
    const lease = await session.claim();
    daemon.scripts["session/touch"] = () => {
      throw refusal("limit_reached");
    };
    await expect(session.touch()).rejects.toBeInstanceOf(SessiondError);
    expect(lease.lost.aborted).toBe(false);
    daemon.scripts["session/touch"] = () => {
      throw refusal("lease_lost");
    };
    await expect(session.touch()).rejects.toMatchObject({ type: "lease_lost" });
    expect(lease.lost.reason).toMatchObject({ type: "lease_lost" });

    const again = await session.claim();
    daemon.scripts["session/claim"] = () => {
      throw refusal("lease_lost");
    };
    daemon.drop();
    expect(await reasonOf(again)).toMatchObject({ type: "lease_lost" });
  });

  it("is lost when the daemon does not come back in time", async () => {
    const lease = await client.claim("id-1");
    await daemon.hush();
    expect(await reasonOf(lease)).toMatchObject({ name: "NotRunningError" });
  });

  it("that is let go while it is being taken up is not lost", async () => {
    const lease = await client.claim("id-1");
    let answer = (): void => undefined;
    daemon.scripts["session/claim"] = (call) =>
      new Promise((resolve) => {
        answer = () => resolve(give(call));
      });
    daemon.drop();
    await eventually(() => expect(daemon.of("session/claim")).toHaveLength(2));
    await lease.release();
    answer();
    await client.daemon.ping();
    tell(takenBy(2));
    daemon.drop();
    await client.daemon.ping();
    expect(daemon.of("session/claim")).toHaveLength(2);
    expect([lease.isReleased, lease.lost.aborted]).toEqual([true, false]);
  });

  it("ends with its session, without a word, and with a detached handle that is closed", async () => {
    const ended = await client.open("task", { claim: true });
    await ended.close();
    expect(shown("session/end")).toEqual(["k1"]);
    daemon.drop();
    await client.daemon.ping();
    expect(daemon.of("session/claim")).toHaveLength(1);
    expect(shown("session/release")).toEqual([]);
    const detached = await client.open("other", { claim: true });
    detached.detach();
    await detached.close();
    expect(shown("session/release")).toEqual(["k2"]);
  });
});
