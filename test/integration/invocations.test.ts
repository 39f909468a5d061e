import { describe, expect, it } from "vitest";

import { daemonForSuite } from "../support/daemon.js";
import { until } from "../support/until.js";

const daemon = daemonForSuite();

describe("an invocation", () => {
  it("S4.1 S4.3 is started and finished, and is found from both sides, with everything that was said of it", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const asked = { tool: "grep", input: { pattern: "a" }, path: "/nowhere/run 1", messageId: "m-1" };
    const started = await peer.call("invocation/start", { sessionId, ...asked });
    const { invocationId } = started;
    expect(started).toMatchObject({ sessionId, status: "running", ...asked });
    expect(await peer.call("invocation/get", { invocationId })).toEqual(started);
    expect((await peer.call("session/get", { sessionId })).invocations.running).toBe(1);
    const usage = { inputTokens: 10, outputTokens: 4, costUsd: 0.25 };
    const said = { status: "failed", output: ["x"], error: "no match", durationMs: 40, usage } as const;
    const finished = await peer.call("invocation/finish", { invocationId, ...said });
    expect(finished).toMatchObject({
      invocationId,
      sessionId,
      ...asked,
      ...said,
      startedAt: started.startedAt,
    });
    expect(finished.seq).toBeGreaterThan(started.seq);
    const { items, total } = await peer.call("invocation/list", { sessionId });
    expect([items, total]).toEqual([[finished], 1]);
    expect(await peer.call("invocation/get", { invocationId })).toEqual(finished);
    expect(await peer.call("session/get", { sessionId })).toMatchObject({
      invocations: { running: 0, succeeded: 0, failed: 1, cancelled: 0, abandoned: 0 },
      totals: {
        invocations: 1,
        durationMs: 40,
        toolsUsed: { grep: 1 },
        tokenUsage: { input: 10, output: 4 },
        estimatedCostUsd: 0.25,
      },
    });
  });

  it("S4.1 takes its duration from its start where none is given", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const { invocationId, startedAt } = await peer.call("invocation/start", { sessionId, tool: "t" });
    const { durationMs, endedAt } = await peer.call("invocation/finish", {
      invocationId,
      status: "succeeded",
    });
    expect(durationMs).toBe(Date.parse(endedAt ?? "") - Date.parse(startedAt));
  });

  it("S4.3 that ran elsewhere is linked as a whole", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const startedAt = "2026-01-01T00:00:00.000Z";
    const linked = await peer.call("invocation/link", {
      sessionId,
      invocationId: "inv_git",
      tool: "git",
      startedAt,
      durationMs: 1_500,
    });
    expect(linked).toMatchObject({ status: "succeeded", startedAt, endedAt: "2026-01-01T00:00:01.500Z" });
    const bare = await peer.call("invocation/link", { sessionId, tool: "git", status: "cancelled" });
    expect(bare).not.toHaveProperty("durationMs");
    const { totals } = await peer.call("session/get", { sessionId });
    expect(totals).toMatchObject({ invocations: 2, durationMs: 1_500, toolsUsed: { git: 2 } });
    const again = peer.call("invocation/link", { sessionId, invocationId: "inv_git", tool: "git" });
    await expect(again).rejects.toMatchObject({ type: "invocation_exists" });
  });

  it("S4.1 is refused where it is over, unknown, too large, or its session takes no work", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const { invocationId } = await peer.call("invocation/start", { sessionId, tool: "t" });
    const large = "x".repeat(70_000);
    const tooLarge = peer.call("invocation/finish", { invocationId, status: "succeeded", output: large });
    await expect(tooLarge).rejects.toMatchObject({
      type: "limit_reached",
      details: { limit: "detailsLength" },
    });
    await peer.call("invocation/finish", { invocationId, status: "cancelled" });
    const twice = peer.call("invocation/finish", { invocationId, status: "failed" });
    await expect(twice).rejects.toMatchObject({
      type: "invalid_transition",
      details: { status: "cancelled" },
    });
    const unknown = peer.call("invocation/finish", { invocationId: "none", status: "failed" });
    await expect(unknown).rejects.toMatchObject({ type: "invocation_not_found" });
    const relative = peer.call("invocation/link", { sessionId, tool: "t", path: "a/b" });
    await expect(relative).rejects.toMatchObject({ type: "invalid_params" });
    await peer.call("session/pause", { sessionId });
    const paused = peer.call("invocation/start", { sessionId, tool: "t" });
    await expect(paused).rejects.toMatchObject({ type: "session_not_active" });
  });

  it("S4.1 is sent again under its key, and done once", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const params = { sessionId, tool: "t", idempotencyKey: "start-once" };
    const first = await peer.call("invocation/start", params);
    expect(await peer.call("invocation/start", params)).toEqual(first);
    expect((await peer.call("invocation/list", { sessionId })).total).toBe(1);
  });
});

describe("a session that ends while invocations run", () => {
  it("B.5 leaves none of them running: they are abandoned in the same record", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const running = ["a", "b"].map((tool) =>
      peer.call("invocation/start", { sessionId, tool, input: { tool } }),
    );
    const [a, b] = await Promise.all(running);
    const ended = await peer.call("session/end", { sessionId });
    expect(ended.invocations).toMatchObject({ running: 0, abandoned: 2 });
    expect(ended.totals.toolsUsed).toEqual({ a: 1, b: 1 });
    const { items } = await peer.call("invocation/list", { sessionId, status: "abandoned", order: "oldest" });
    expect(items).toMatchObject([
      { invocationId: a?.invocationId, input: { tool: "a" }, seq: ended.seq - 2 },
      { invocationId: b?.invocationId, input: { tool: "b" }, seq: ended.seq - 1 },
    ]);
    const late = peer.call("invocation/finish", { invocationId: a?.invocationId ?? "", status: "succeeded" });
    await expect(late).rejects.toMatchObject({ type: "invalid_transition" });
  });

  it("B.5 also where a time limit ended it", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", { config: { idleTimeoutMs: 1_000 } });
    const { invocationId } = await peer.call("invocation/start", { sessionId, tool: "slow" });
    await until("the session to time out", async () => {
      return (await peer.call("session/get", { sessionId })).status === "timed_out";
    });
    expect((await peer.call("session/get", { sessionId })).invocations.running).toBe(0);
    expect(await peer.call("invocation/get", { invocationId })).toMatchObject({ status: "abandoned" });
  });

  it("S4.4 takes them with it when it is deleted, and their ids are free again", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const invocationId = "taken";
    await peer.call("invocation/link", { sessionId, tool: "t", invocationId });
    await peer.call("session/end", { sessionId });
    await peer.call("session/delete", { sessionId });
    const gone = peer.call("invocation/get", { invocationId });
    await expect(gone).rejects.toMatchObject({ type: "invocation_not_found" });
    const { sessionId: other } = await peer.call("session/create");
    await peer.call("invocation/link", { sessionId: other, tool: "t", invocationId });
    expect(await peer.call("invocation/get", { invocationId })).toMatchObject({ sessionId: other });
  });
});
