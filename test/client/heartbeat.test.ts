import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Client } from "../../client/index.js";
import { connect } from "../../client/index.js";
import { eventually } from "./eventually.js";
import { refusal, ScriptedDaemon, SILENCE } from "./scriptedDaemon.js";
import { SessionStore } from "./sessionStore.js";

let daemon: ScriptedDaemon;
let store: SessionStore;
let client: Client;

beforeEach(async () => {
  // The intervals alone: the sockets are real.
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  daemon = await ScriptedDaemon.start();
  store = new SessionStore(daemon);
  client = await connect({ socket: daemon.socket, retry: { initialIntervalMs: 1, jitter: 0 } });
});

afterEach(async () => {
  await client.close();
  await daemon.stop();
  vi.useRealTimers();
});

const beats = (): number => daemon.of("session/heartbeat").length;
const beaten = (count: number): Promise<void> => eventually(() => expect(beats()).toBe(count));
const task = { config: { heartbeatTimeoutMs: 3_000 } };

/** Lets one interval pass, and the beat that it may cause reach the daemon. */
async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await client.daemon.ping();
  await client.daemon.ping();
}

describe("the heartbeat of a session", () => {
  it("comes at once and then every third of the timeout", async () => {
    await client.open("task", task);
    await beaten(1);
    await pass(999);
    expect(beats()).toBe(1);
    await pass(1);
    expect(beats()).toBe(2);
    await pass(1_000);
    expect(beats()).toBe(3);
    expect(daemon.of("session/heartbeat")[0]?.params).toEqual({ sessionId: "id-1" });
  });

  it("comes again once a session that had ended is restored, and not where it was let go", async () => {
    const session = await client.open("task", task);
    await beaten(1);
    await session.end();
    await pass(10_000);
    expect(beats()).toBe(1);
    await session.restore();
    await beaten(2);
    session.detach();
    await session.restore();
    await pass(10_000);
    expect(beats()).toBe(2);
  });

  it("does not come where none is needed", async () => {
    await client.open("task");
    await pass(1_000_000);
    expect(beats()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not come all the time where the timeout is longer than a timer takes", async () => {
    await client.open("task", { config: { heartbeatTimeoutMs: 100 * 86_400_000 } });
    await beaten(1);
    await pass(1_000);
    expect(beats()).toBe(1);
  });

  it("survives a broken connection", async () => {
    await client.open("task", task);
    await beaten(1);
    await daemon.hush();
    vi.advanceTimersByTime(1_000);
    vi.advanceTimersByTime(1_000);
    await daemon.listen();
    // One beat waited for the daemon, not two.
    await beaten(2);
    // Its answer comes before that of what is asked later: while it is under way, there is no further one.
    await client.daemon.ping();
    await pass(1_000);
    expect(beats()).toBe(3);
  });

  it("is not sent again while one is under way", async () => {
    const answer = daemon.scripts["session/heartbeat"] as () => unknown;
    daemon.scripts["session/heartbeat"] = () => SILENCE;
    await client.open("task", task);
    await beaten(1);
    await pass(5_000);
    expect(beats()).toBe(1);
    daemon.scripts["session/heartbeat"] = answer;
    daemon.drop();
    await beaten(2);
  });

  it.each(["end", "detach"] as const)("stops with %s", async (way) => {
    const session = await client.open("task", task);
    await beaten(1);
    await session[way]();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("stops when the session has ended without this program", async () => {
    await client.open("task", task);
    await beaten(1);
    Object.assign(store.sessions[0] ?? {}, { status: "timed_out", endedAt: "2026-01-01T00:00:00Z" });
    await pass(1_000);
    await eventually(() => expect(vi.getTimerCount()).toBe(0));
  });

  it("stops when the session is gone, and with the client", async () => {
    await client.open("a", task);
    await client.open("b", task);
    await beaten(2);
    store.sessions.pop();
    vi.advanceTimersByTime(1_000);
    await eventually(() => expect(vi.getTimerCount()).toBe(1));
    await client.close();
    vi.advanceTimersByTime(1_000);
    await eventually(() => expect(vi.getTimerCount()).toBe(0));
  });

  it("goes on while the session is paused, and after other errors", async () => {
    await client.open("task", task);
    await beaten(1);
    daemon.scripts["session/heartbeat"] = () => {
      throw refusal("session_not_active", { status: "paused" });
    };
    await pass(1_000);
    daemon.scripts["session/heartbeat"] = () => {
      throw refusal("internal_error");
    };
    await pass(1_000);
    expect(beats()).toBe(3);
    expect(vi.getTimerCount()).toBe(1);
  });

  it("follows a change of the timeout", async () => {
    const session = await client.open("task", task);
    await beaten(1);
    await session.update({ config: { heartbeatTimeoutMs: 600 } });
    await beaten(2);
    await pass(200);
    expect(beats()).toBe(3);
    await session.update({ config: { heartbeatTimeoutMs: 0 } });
    expect(vi.getTimerCount()).toBe(0);
  });
});
