import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import type { Params, Result } from "../../src/protocol/types.js";
import { daemonForSuite, daemonForTest, type TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

const daemon = daemonForSuite();
const SOON = { autoSaveIntervalMs: 100 };

type Item = Result<"invocation/list">["items"][number];

/** All invocations of a session, page by page, by their ids; a damaged one is "damaged". Each page tells the total. */
async function idsOf(
  peer: Peer,
  params: Params<"invocation/list">,
): Promise<{ ids: string[]; totals: number[] }> {
  const items: Item[] = [];
  const totals: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await peer.call("invocation/list", {
      ...params,
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...page.items);
    totals.push(page.total);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return { ids: items.map((item) => ("damaged" in item ? "damaged" : item.invocationId)), totals };
}

function fileOf({ dataDir }: TestDaemon, { sessionId, createdSeq }: Result<"session/create">): string {
  return join(dataDir, "content", `${sessionId}~${createdSeq}`, "invocations.jsonl");
}

async function savedLines(file: string): Promise<number> {
  return (await readFile(file, "utf8").catch(() => "")).split("\n").length - 1;
}

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

describe("the list of a session's invocations", () => {
  it("S4.3 has pages in both orders, running ones as the newest, through saves, crashes and restarts", async () => {
    const own = await daemonForTest();
    let peer = await own.peer();
    const session = await peer.call("session/create", { config: SOON });
    const { sessionId } = session;
    const over: string[] = [];
    const running: string[] = [];
    const link = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        const params = {
          sessionId,
          tool: index % 3 === 0 ? "grep" : "make",
          invocationId: `i${over.length}`,
        };
        over.push((await peer.call("invocation/link", params)).invocationId);
      }
    };
    const begin = async (): Promise<void> => {
      running.push((await peer.call("invocation/start", { sessionId, tool: "slow" })).invocationId);
    };
    const check = async (): Promise<void> => {
      const all = [...over, ...running];
      for (const limit of [1, 3, 1_000]) {
        const oldest = await idsOf(peer, { sessionId, order: "oldest", limit });
        expect(oldest.ids).toEqual(all);
        expect(new Set(oldest.totals)).toEqual(new Set([all.length]));
        expect((await idsOf(peer, { sessionId, order: "newest", limit })).ids).toEqual(all.toReversed());
        const slow = await idsOf(peer, { sessionId, tool: "slow", limit });
        expect(slow.ids).toEqual(all.filter((id) => !id.startsWith("i")).toReversed());
        const grep = await idsOf(peer, { sessionId, tool: "grep", limit });
        expect(new Set(grep.totals)).toEqual(new Set([grep.ids.length]));
        expect((await idsOf(peer, { sessionId, status: "running", limit })).ids).toEqual(
          running.toReversed(),
        );
        expect((await idsOf(peer, { sessionId, status: "succeeded", limit })).totals[0]).toBe(over.length);
      }
    };
    const file = fileOf(own, session);
    await begin();
    await link(7);
    await begin();
    await check();
    await until("the save", async () => (await savedLines(file)) === over.length);
    await link(4);
    await check();
    await own.crash();
    peer = await own.peer();
    await check();
    const first = running.shift() ?? "";
    await peer.call("invocation/finish", { invocationId: first, status: "succeeded" });
    over.push(first);
    await check();
    await own.restart();
    peer = await own.peer();
    await check();
    expect(await savedLines(file)).toBe(over.length);
  });

  it("S4.3 finds one of long ago by its session's id", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const links = Array.from({ length: 1_005 }, (_, index) =>
      peer.call("invocation/link", { sessionId, tool: "t", invocationId: `old-${index}`, input: index }),
    );
    await Promise.all(links);
    const forgotten = peer.call("invocation/get", { invocationId: "old-4" });
    await expect(forgotten).rejects.toMatchObject({ type: "invocation_not_found" });
    expect(await peer.call("invocation/get", { invocationId: "old-4", sessionId })).toMatchObject({
      input: 4,
    });
    expect(await peer.call("invocation/get", { invocationId: "old-5" })).toMatchObject({ input: 5 });
    expect((await peer.call("invocation/list", { sessionId })).total).toBe(1_005);
    const { sessionId: other } = await peer.call("session/create");
    for (const invocationId of ["old-4", "old-5"]) {
      const elsewhere = peer.call("invocation/get", { invocationId, sessionId: other });
      await expect(elsewhere).rejects.toMatchObject({ type: "invocation_not_found" });
    }
  });

  it("S4.3 tells a damaged line, and leaves the others readable", async () => {
    const peer = await daemon().peer();
    const session = await peer.call("session/create", { config: SOON });
    const { sessionId } = session;
    const link = (invocationId: string) =>
      peer.call("invocation/link", { sessionId, tool: "t", invocationId });
    for (const id of ["d0", "d1", "d2"]) await link(id);
    const file = fileOf(daemon(), session);
    await until("the save", async () => (await savedLines(file)) === 3);
    // A save has come to its end, the sync included, when the next one has begun.
    await link("d3");
    await until("the next save", async () => (await savedLines(file)) === 4);
    await writeFile(file, (await readFile(file, "utf8")).replace('"d1"', '"e1"'));
    expect((await idsOf(peer, { sessionId, order: "oldest" })).ids).toEqual(["d0", "damaged", "d2", "d3"]);
    const damaged = peer.call("invocation/get", { invocationId: "d1" });
    await expect(damaged).rejects.toMatchObject({ type: "content_damaged" });
    expect(await peer.call("invocation/get", { invocationId: "d0" })).toMatchObject({ tool: "t" });
  });

  it("S4.1 many at once: totals, counts and the list agree, also after kill -9", async () => {
    const own = await daemonForTest();
    let peer = await own.peer();
    const { sessionId } = await peer.call("session/create");
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const tool = `tool-${index % 5}`;
        const { invocationId } = await peer.call("invocation/start", { sessionId, tool });
        if (index % 4 === 0) return;
        const status = index % 2 === 0 ? "succeeded" : "failed";
        await peer.call("invocation/finish", {
          invocationId,
          status,
          durationMs: 2,
          usage: { inputTokens: 1 },
        });
      }),
    );
    const check = async (): Promise<void> => {
      const { invocations, totals } = await peer.call("session/get", { sessionId });
      expect(invocations).toEqual({ running: 50, succeeded: 50, failed: 100, cancelled: 0, abandoned: 0 });
      expect(totals).toMatchObject({ invocations: 150, durationMs: 300, tokenUsage: { input: 150 } });
      expect(new Set((await idsOf(peer, { sessionId })).ids).size).toBe(200);
    };
    await check();
    await own.crash();
    peer = await own.peer();
    await check();
  });
});
