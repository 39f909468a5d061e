import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Client, Session } from "../../client/index.js";
import { connect } from "../../client/index.js";
import { refusal, ScriptedDaemon, SILENCE } from "./scriptedDaemon.js";
import { SessionStore } from "./sessionStore.js";

let daemon: ScriptedDaemon;
let client: Client;
let session: Session;
let unrecorded: unknown[];
let store: SessionStore;

beforeEach(async () => {
  daemon = await ScriptedDaemon.start();
  store = new SessionStore(daemon);
  for (const verb of ["start", "finish", "link"]) daemon.scripts[`invocation/${verb}`] = () => ({ seq: 7 });
  client = await connect({ socket: daemon.socket });
  session = await client.open("task");
  unrecorded = [];
});

afterEach(async () => {
  await client.close();
  await daemon.stop();
});

const onUnrecorded = (error: unknown): void => void unrecorded.push(error);
const refuse = (verb: string, type: string, details = {}): void => {
  daemon.scripts[`invocation/${verb}`] = () => {
    throw refusal(type, details);
  };
};
/** The calls about invocations, by their verbs. */
const verbs = (): string[] =>
  daemon.calls.filter(({ method }) => method.startsWith("invocation/")).map(({ method }) => method.slice(11));

describe("a tracked call", () => {
  it("is recorded from its start to its end, with what is known of it", async () => {
    let during: string[] = [];
    let seen: string | undefined;
    const answer = await session.track(
      "fetch",
      ({ invocationId }) => {
        seen = invocationId;
        during = verbs();
        return Promise.resolve({ rows: 3 });
      },
      {
        input: { url: "x" },
        path: "/h",
        messageId: "m",
        report: ({ rows }) => ({ output: rows, usage: { inputTokens: 5 } }),
      },
    );
    expect(answer).toEqual({ rows: 3 });
    expect(during).toEqual(["start"]);
    const asked = { sessionId: "id-1", tool: "fetch", input: { url: "x" }, path: "/h", messageId: "m" };
    expect(daemon.of("invocation/start")[0]?.params).toMatchObject({ ...asked, invocationId: seen });
    const said = { status: "succeeded", output: 3, usage: { inputTokens: 5 }, invocationId: seen };
    expect(daemon.of("invocation/finish")[0]?.params).toMatchObject(said);
    expect(daemon.of("invocation/finish")[0]?.params["durationMs"]).toEqual(expect.any(Number));
    expect(verbs()).toEqual(["start", "finish"]);
  });

  it.each([
    [new Error("disk full"), { status: "failed", error: "disk full" }],
    ["a string", { status: "failed", error: "a string" }],
    [new Error("x".repeat(5_000)), { status: "failed", error: "x".repeat(4_096) }],
    [new DOMException("stopped", "AbortError"), { status: "cancelled", error: "stopped" }],
  ])("that throws is recorded as what it came to, and throws the same", async (thrown, said) => {
    const call = session.track("t", () => {
      throw thrown;
    });
    await expect(call).rejects.toBe(thrown);
    expect(daemon.of("invocation/finish")[0]?.params).toMatchObject(said);
  });

  it.each([
    ["session_not_active", { status: "completed" }],
    ["session_not_active", { status: "paused" }],
    ["session_not_found", {}],
    ["lease_lost", {}],
  ])("is not begun in a session that takes no work: %s %j", async (type, details) => {
    refuse("start", type, details);
    const work = vi.fn();
    await expect(session.track("t", work)).rejects.toMatchObject({ type });
    expect(work).not.toHaveBeenCalled();
    expect(store.sessions).toHaveLength(1);
    expect(verbs()).toEqual(["start"]);
  });

  it("whose start was not taken is recorded as a whole", async () => {
    refuse("start", "journal_unavailable");
    refuse("finish", "invocation_not_found");
    expect(await session.track("t", () => 1, { input: [1], onUnrecorded })).toBe(1);
    expect(verbs()).toEqual(["start", "finish", "link"]);
    const { idempotencyKey: _, ...start } = daemon.of("invocation/start")[0]?.params ?? {};
    const [linked] = daemon.of("invocation/link");
    expect(linked?.params).toMatchObject({ ...start, status: "succeeded" });
    expect(Date.parse(String(linked?.params["startedAt"]))).toBeLessThanOrEqual(Date.now());
    expect(unrecorded).toEqual([]);
  });

  it("whose start was taken without an answer is finished", async () => {
    refuse("start", "internal_error");
    await session.track("t", () => 1, { onUnrecorded });
    expect(verbs()).toEqual(["start", "finish"]);
    expect(unrecorded).toEqual([]);
  });

  it("that was begun is not recorded a second time where it is gone meanwhile", async () => {
    refuse("finish", "invocation_not_found");
    expect(await session.track("t", () => 1, { onUnrecorded })).toBe(1);
    expect(verbs()).toEqual(["start", "finish"]);
    expect(unrecorded).toMatchObject([{ type: "invocation_not_found" }]);
  });

  it("answers what the work answers, where the daemon does not", async () => {
    daemon.scripts["invocation/start"] = () => SILENCE;
    daemon.scripts["invocation/finish"] = () => SILENCE;
    expect(await session.track("t", () => 1, { patienceMs: 1, onUnrecorded })).toBe(1);
    const failing = session.track("t", () => Promise.reject(new Error("mine")), {
      patienceMs: 1,
      onUnrecorded,
    });
    await expect(failing).rejects.toThrow("mine");
    expect(unrecorded).toEqual([]);
  });

  it("tells why it could not be recorded, and answers all the same", async () => {
    refuse("finish", "journal_unavailable");
    expect(await session.track("t", () => 1, { onUnrecorded })).toBe(1);
    expect(unrecorded).toMatchObject([{ type: "journal_unavailable" }]);
    const warn = vi.spyOn(process, "emitWarning").mockReturnValue(undefined);
    expect(await session.track("t", () => 2)).toBe(2);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("journal_unavailable"), "SessiondWarning");
    warn.mockRestore();
  });

  it("is finished without an output that is too much, which is told", async () => {
    daemon.scripts["invocation/finish"] = ({ params }) => {
      if (params["output"] === undefined) return { seq: 8 };
      throw refusal("limit_reached");
    };
    expect(await session.track("t", () => "x", { report: (output) => ({ output }), onUnrecorded })).toBe("x");
    expect(verbs()).toEqual(["start", "finish", "finish"]);
    expect(unrecorded).toMatchObject([{ type: "limit_reached" }]);
  });

  it("is done, although what is said of it fails", async () => {
    const report = (): never => {
      throw new Error("no report");
    };
    expect(await session.track("t", () => 1, { report, onUnrecorded })).toBe(1);
    expect(unrecorded).toMatchObject([{ message: "no report" }]);
    expect(daemon.of("invocation/finish")[0]?.params).toMatchObject({ status: "succeeded" });
  });
});

describe("the invocations of a session", () => {
  it("come page after page", async () => {
    const pages: Record<string, object> = {
      first: { items: [{ invocationId: "b" }], nextCursor: "more", total: 2 },
      more: { items: [{ invocationId: "a" }], total: 2 },
    };
    daemon.scripts["invocation/list"] = ({ params }) =>
      pages[(params["cursor"] as string | undefined) ?? "first"];
    const ids: unknown[] = [];
    for await (const item of session.invocations({ tool: "t", limit: 1 }))
      ids.push("invocationId" in item && item.invocationId);
    expect(ids).toEqual(["b", "a"]);
    expect(daemon.of("invocation/list")[0]?.params).toEqual({ sessionId: "id-1", tool: "t", limit: 1 });
  });
});
