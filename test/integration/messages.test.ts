import { describe, expect, it } from "vitest";

import { LIMITS } from "../../src/protocol/limits.js";
import { contentsOf, indicesOf, messagesOf } from "../support/conversation.js";
import { daemonForSuite } from "../support/daemon.js";

const daemon = daemonForSuite();

describe("a message", () => {
  it("S4.6 S1.1 keeps who said what, with all that belongs to it", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const roles = ["system", "user", "assistant", "tool"] as const;
    for (const role of roles) await peer.call("message/append", { sessionId, role, content: `as ${role}` });
    const content = [
      { type: "text", text: 'a "b"\u2028ü\n' },
      { type: "tool_result", content: [{ a: null }], n: 1.5 },
    ];
    const usage = { durationMs: 3, inputTokens: 5, outputTokens: 7, costUsd: 0.25 };
    const said = { role: "tool", content, toolName: "grep", invocationId: "inv-1", usage } as const;
    const { messageId, index, seq } = await peer.call("message/append", { sessionId, ...said });
    expect(index).toBe(5);
    const items = await messagesOf(peer, sessionId);
    expect(items.map((item) => "role" in item && item.role)).toEqual([...roles, "tool"]);
    expect(contentsOf(items).slice(0, 4)).toEqual(roles.map((role) => `as ${role}`));
    expect(items[4]).toEqual({ messageId, index, seq, at: expect.any(String) as string, ...said });
    expect(Object.keys(items[0] ?? {}).toSorted()).toEqual(
      ["at", "content", "index", "messageId", "role", "seq"].toSorted(),
    );
    expect((await peer.call("session/get", { sessionId })).messages).toBe(5);
  });

  it("S4.6 counts what it cost in the totals, and is no invocation", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const say = (usage?: object): Promise<unknown> =>
      peer.call("message/append", { sessionId, role: "assistant", content: "x", ...(usage && { usage }) });
    await say({ inputTokens: 10, outputTokens: 4, costUsd: 0.25, durationMs: 20 });
    await say({ inputTokens: 1, costUsd: 0.5 });
    await say();
    expect(await peer.call("session/get", { sessionId })).toMatchObject({
      activities: 0,
      totals: {
        invocations: 0,
        durationMs: 20,
        toolsUsed: {},
        tokenUsage: { input: 11, output: 4 },
        estimatedCostUsd: 0.75,
      },
      invocations: { running: 0, succeeded: 0 },
    });
    const withTool = { sessionId, role: "tool", content: "x", usage: { tool: "grep" } };
    expect(await peer.ask({ method: "message/append", params: withTool })).toMatchObject({
      error: { code: -32_602, data: { type: "invalid_params" } },
    });
  });

  it("S4.6 is refused on a session that takes no work, or is not there", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const late = { sessionId, role: "user", content: "late" } as const;
    await peer.call("session/pause", { sessionId });
    await expect(peer.call("message/append", late)).rejects.toMatchObject({ type: "session_not_active" });
    await peer.call("session/resume", { sessionId });
    await peer.call("message/append", { ...late, content: "in time" });
    await peer.call("session/end", { sessionId });
    await expect(peer.call("message/append", late)).rejects.toMatchObject({ type: "session_not_active" });
    expect(contentsOf(await messagesOf(peer, sessionId))).toEqual(["in time"]);
    const nobody = peer.call("message/append", { ...late, sessionId: "nobody" });
    await expect(nobody).rejects.toMatchObject({ type: "session_not_found" });
    const unheard = peer.call("message/list", { sessionId: "nobody" });
    await expect(unheard).rejects.toMatchObject({ type: "session_not_found" });
  });

  it("S4.6 may be as long as the limit says, and no longer", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const bound = LIMITS.messageLength;
    // Two of them are the quotes.
    const longest = "x".repeat(bound - 2);
    const say = (content: string | { type: string }[]): Promise<{ index: number }> =>
      peer.call("message/append", { sessionId, role: "user", content });
    await say(longest);
    await expect(say(`${longest}x`)).rejects.toMatchObject({
      type: "limit_reached",
      message: `The content of a message has ${bound + 1} characters as JSON; ${bound} are allowed.`,
      details: { limit: "messageLength" },
    });
    // What is escaped counts as it is written.
    await expect(say("\n".repeat(bound / 2))).rejects.toMatchObject({ type: "limit_reached" });
    await expect(say([{ type: longest }])).rejects.toMatchObject({ type: "limit_reached" });
    expect(await say("goes on")).toMatchObject({ index: 2 });
    // A page of large ones ends before its limit.
    const { items, nextCursor, total } = await peer.call("message/list", { sessionId });
    expect([items.length, total]).toEqual([1, 2]);
    const rest = await peer.call("message/list", { sessionId, cursor: nextCursor });
    expect(contentsOf(rest.items)).toEqual(["goes on"]);
  });

  it("S1.9 has a place of its own, however many speak at once", async () => {
    const peers = await Promise.all(Array.from({ length: 4 }, () => daemon().peer()));
    const [first] = peers;
    if (first === undefined) throw new Error("there is no peer");
    const { sessionId } = await first.call("session/create", { config: { autoSaveIntervalMs: 100 } });
    const answers = await Promise.all(
      peers.flatMap((peer, speaker) =>
        Array.from({ length: 50 }, async (_, turn) => {
          const content = `${speaker}-${turn}`;
          return { content, ...(await peer.call("message/append", { sessionId, role: "user", content })) };
        }),
      ),
    );
    const inOrder = answers.toSorted((a, b) => a.seq - b.seq);
    expect(inOrder.map(({ index }) => index)).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
    const items = await messagesOf(first, sessionId, { limit: 7 });
    expect(indicesOf(items)).toEqual(inOrder.map(({ index }) => index));
    expect(contentsOf(items)).toEqual(inOrder.map(({ content }) => content));
  });

  it("B.9 is said once under its key, also across kill -9", async () => {
    const own = daemon();
    const peer = await own.peer();
    const { sessionId } = await peer.call("session/create");
    const params = { sessionId, role: "user", content: "once", idempotencyKey: "said-once" } as const;
    const first = await peer.call("message/append", params);
    await peer.call("message/append", { sessionId, role: "user", content: "twice" });
    expect(await peer.call("message/append", params)).toEqual(first);
    const other = peer.call("message/append", { ...params, content: "other" });
    await expect(other).rejects.toMatchObject({ type: "idempotency_conflict" });
    await own.crash();
    const again = await own.peer();
    expect(await again.call("message/append", params)).toEqual(first);
    expect(contentsOf(await messagesOf(again, sessionId))).toEqual(["once", "twice"]);
  });
});
