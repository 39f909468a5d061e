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
