import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Client } from "../../client/index.js";
import { connect, quickSession, SessiondError } from "../../client/index.js";
import { refusal, ScriptedDaemon } from "./scriptedDaemon.js";
import { SessionStore } from "./sessionStore.js";

const UUID = "019a0000-0000-7000-8000-000000000001";
const ENDED = { status: "completed", endedAt: "2026-01-01T00:00:00Z" };

let daemon: ScriptedDaemon;
let store: SessionStore;
let client: Client;

beforeEach(async () => {
  daemon = await ScriptedDaemon.start();
  store = new SessionStore(daemon);
  client = await connect({ socket: daemon.socket });
});

afterEach(async () => {
  await client.close();
  await daemon.stop();
});

describe("open", () => {
  it("creates a session of that name if there is none", async () => {
    const session = await client.open("my task", { purpose: "test", tags: ["a"] });
    expect(session.sessionId).toBe("id-1");
    expect(daemon.of("session/create")[0]?.params).toMatchObject({
      name: "my task",
      purpose: "test",
      tags: ["a"],
    });
    // No id has a blank, so it was not even asked for.
    expect(daemon.of("session/get")).toHaveLength(0);
  });

  it("takes the newest active one of that name", async () => {
    store.add({ name: "task" });
    store.add({ name: "task" });
    store.add({ name: "task", ...ENDED });
    store.add({ name: "other" });
    expect((await client.open("task")).sessionId).toBe("id-2");
  });

  it("takes the one with that id first, also a paused one", async () => {
    store.add({ name: "task" });
    store.add({ sessionId: "task", status: "paused" });
    expect((await client.open("task")).sessionId).toBe("task");
  });

  it("takes an id that has ended for a name", async () => {
    store.add({ sessionId: "task", ...ENDED });
    expect((await client.open("task")).sessionId).toBe("id-2");
  });

  it("never takes a UUID for a name", async () => {
    await expect(client.open(UUID)).rejects.toMatchObject({ type: "session_not_found" });
    store.add({ sessionId: UUID, ...ENDED });
    expect((await client.open(UUID)).sessionId).toBe(UUID);
    expect(daemon.of("session/create")).toHaveLength(0);
  });

  it("passes on other errors", async () => {
    daemon.scripts["session/get"] = () => {
      throw refusal("internal_error");
    };
    await expect(client.open("task")).rejects.toThrow(SessiondError);
  });
});

describe("the end of a session", () => {
  it("is completed at the end of a block", async () => {
    {
      await using session = await client.open("task");
      expect(store.sessions[0]?.status).toBe("active");
      expect(session.sessionId).toBe("id-1");
    }
    expect(store.sessions[0]).toMatchObject({ status: "completed" });
  });

  it("is left to others after detach", async () => {
    {
      await using session = await client.open("task");
      session.detach();
    }
    expect(store.sessions[0]?.status).toBe("active");
  });

  it("is not asked for twice", async () => {
    {
      await using session = await client.open("task");
      await session.end("abandoned", "no use");
    }
    expect(store.sessions[0]).toMatchObject({ status: "abandoned", endReason: "no use" });
    expect(daemon.of("session/end")).toHaveLength(1);
  });

  it("leaves a session as it is that ended in another way, or is gone", async () => {
    const [timedOut, gone] = [await client.open("a"), await client.open("b")];
    Object.assign(store.sessions[0] ?? {}, ENDED, { status: "timed_out" });
    store.sessions.pop();
    await timedOut.close();
    await gone.close();
    expect(store.sessions[0]?.status).toBe("timed_out");
  });

  it("comes to one that had ended and was restored", async () => {
    {
      await using session = await client.open("task");
      await session.end("failed");
      await session.restore();
      expect(store.sessions[0]?.status).toBe("active");
    }
    expect(store.sessions[0]?.status).toBe("completed");
  });

  it("fails when it could not be written", async () => {
    const session = await client.open("task");
    daemon.scripts["session/end"] = () => {
      throw refusal("journal_unavailable");
    };
    await expect(session.close()).rejects.toMatchObject({ type: "journal_unavailable" });
  });

  it("cuts a reason that is too long", async () => {
    await (await client.open("task")).end("failed", "x".repeat(5_000));
    expect(store.sessions[0]?.endReason).toHaveLength(4_096);
  });
});

describe("withSession", () => {
  it("answers what the work answers, and ends the session as completed", async () => {
    await expect(client.withSession("task", (session) => session.sessionId)).resolves.toBe("id-1");
    expect(store.sessions[0]).toMatchObject({ status: "completed" });
  });

  it.each([
    [new Error("disk full"), "disk full"],
    ["a string", "a string"],
  ])("ends it as failed with the error's message, and throws the error: %s", async (thrown, reason) => {
    const work = client.withSession("task", async () => {
      throw thrown;
    });
    await expect(work).rejects.toBe(thrown);
    expect(store.sessions[0]).toMatchObject({ status: "failed", endReason: reason });
  });

  it("throws the work's error also when the session cannot be ended", async () => {
    daemon.scripts["session/end"] = () => {
      throw refusal("journal_unavailable");
    };
    const work = client.withSession("task", () => {
      throw new Error("mine");
    });
    await expect(work).rejects.toThrow("mine");
  });

  it("leaves a session alone that the work detached", async () => {
    await client.withSession("task", (session) => session.detach());
    expect(store.sessions[0]?.status).toBe("active");
  });
});

describe("quickSession", () => {
  it("connects, works and closes", async () => {
    const options = { socket: daemon.socket, session: { purpose: "quick" } };
    await expect(quickSession("task", () => 42, options)).resolves.toBe(42);
    expect(store.sessions[0]).toMatchObject({ status: "completed", purpose: "quick" });
  });
});

describe("the methods of a session", () => {
  it("call the daemon's with its id", async () => {
    const session = await client.open("task");
    const methods = ["record", "touch", "pause", "resume", "stats"].map((verb) => `session/${verb}`);
    for (const method of [...methods, "metadata/set", "metadata/delete"])
      daemon.scripts[method] = () => ({ seq: 7 });
    await session.record("read", { path: "/a" }, { tool: "cat", durationMs: 3 });
    await session.touch();
    await session.pause("lunch");
    await session.resume();
    await session.stats();
    await session.metadata.set("key", [1]);
    await session.metadata.delete("key");
    const seen = Object.fromEntries(daemon.calls.slice(-7).map(({ method, params }) => [method, params]));
    const sessionId = "id-1";
    expect(seen).toMatchObject({
      "session/record": {
        sessionId,
        action: "read",
        details: { path: "/a" },
        usage: { tool: "cat", durationMs: 3 },
      },
      "session/touch": { sessionId },
      "session/pause": { sessionId, reason: "lunch" },
      "session/resume": { sessionId },
      "session/stats": { sessionId },
      "metadata/set": { sessionId, key: "key", value: [1] },
      "metadata/delete": { sessionId, key: "key" },
    });
    await expect(session.get()).resolves.toMatchObject({ sessionId, status: "active" });
  });

  it("answer a metadata value, or the fallback", async () => {
    const { metadata } = await client.open("task");
    daemon.scripts["metadata/get"] = ({ params }) =>
      params["key"] === "there" ? { value: null, found: true } : { value: null, found: false };
    await expect(metadata.get("there", 1)).resolves.toBeNull();
    await expect(metadata.get("absent", 1)).resolves.toBe(1);
    await expect(metadata.get("absent")).resolves.toBeUndefined();
  });

  it("iterate over the pages of the activities", async () => {
    const pages: Record<string, object> = {
      first: { items: [{ seq: 3 }, { seq: 2 }], nextCursor: "more", total: 3 },
      more: { items: [{ seq: 1 }], total: 3 },
    };
    daemon.scripts["session/activities"] = ({ params }) =>
      pages[(params["cursor"] as string | undefined) ?? "first"];
    const session = await client.open("task");
    const seqs: unknown[] = [];
    for await (const item of session.activities({ limit: 2 })) seqs.push("seq" in item && item.seq);
    expect(seqs).toEqual([3, 2, 1]);
    expect(daemon.of("session/activities").map((call) => call.params)).toEqual([
      { sessionId: "id-1", limit: 2 },
      { sessionId: "id-1", limit: 2, cursor: "more" },
    ]);
  });
});

describe("pages", () => {
  it("iterates over any list, and fetches a page only when it is needed", async () => {
    daemon.scripts["command/list"] = () => ({ items: [{ commandId: "c" }], nextCursor: "more", total: 9 });
    for await (const command of client.pages("command/list")) {
      expect(command.commandId).toBe("c");
      break;
    }
    expect(daemon.of("command/list").map((call) => call.params)).toEqual([{}]);
  });
});
