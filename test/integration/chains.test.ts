import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { daemonForSuite, daemonForTest, type TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { itOnFiles } from "../support/storage.js";
import { until } from "../support/until.js";

const suite = daemonForSuite({ inProcess: true });

const say = (peer: Peer, agentId: string, sessionId: string, prompt = "?") =>
  peer.call("chain/append", { agentId, sessionId, prompt });

/** Waits until what is there by now is older than anything that comes. */
async function aMoment(): Promise<void> {
  const now = Date.now();
  await until("a millisecond to pass", () => Date.now() > now);
}

async function sessionIdsOf(peer: Peer, agentId: string): Promise<string[]> {
  return (await peer.call("chain/get", { agentId })).items.map(({ sessionId }) => sessionId);
}

describe("the chain of an agent", () => {
  it("S3.1 is appended to, and answered: the current one, all of it, its figures", async () => {
    const peer = await suite().peer();
    await peer.call("session/create", { sessionId: "ours" });
    const { createdSeq } = await peer.call("session/get", { sessionId: "ours" });
    const first = await say(peer, "s3.1", "ours", "hello");
    expect(first).toMatchObject({ agentId: "s3.1", index: 1, sessionId: "ours", prompt: "hello" });
    expect(first).toMatchObject({ sessionCreatedSeq: createdSeq, seq: createdSeq + 1 });
    const second = await peer.call("chain/append", {
      agentId: "s3.1",
      sessionId: "0f1e/elsewhere",
      prompt: "more",
      response: "x".repeat(500),
      metadata: { model: "m" },
    });
    expect(second.response).toBe("x".repeat(200));
    expect(second).not.toHaveProperty("sessionCreatedSeq");
    expect(await peer.call("chain/current", { agentId: "s3.1" })).toEqual(second);
    await say(peer, "s3.1", "ours", "back");
    const pages = [
      await peer.call("chain/get", { agentId: "s3.1", limit: 2 }),
      await peer.call("chain/get", { agentId: "s3.1", limit: 2, order: "newest" }),
    ];
    expect(pages.map(({ items }) => items.map(({ index }) => index))).toEqual([
      [1, 2],
      [3, 2],
    ]);
    for (const [page, order, rest] of [
      [pages[0], "oldest", 3],
      [pages[1], "newest", 1],
    ] as const) {
      const next = await peer.call("chain/get", {
        agentId: "s3.1",
        limit: 2,
        order,
        cursor: page?.nextCursor ?? "",
      });
      expect(next).toMatchObject({ items: [{ index: rest }], total: 3 });
      expect(next).not.toHaveProperty("nextCursor");
    }
    expect(await peer.call("chain/summary", { agentId: "s3.1" })).toMatchObject({
      currentSessionId: "ours",
      interactions: 3,
      entries: 3,
      dropped: 0,
      sessions: 2,
      sessionIds: ["ours", "0f1e/elsewhere"],
      firstAt: first.at,
    });
  });

  it("S3.1 is validated: a session of ours that is gone is named, one of elsewhere is nobody's business", async () => {
    const peer = await suite().peer();
    await peer.call("session/create", { sessionId: "gone" });
    await say(peer, "valid", "gone");
    await say(peer, "valid", "elsewhere");
    expect(await peer.call("chain/validate", { agentId: "valid", sessionId: "gone" })).toMatchObject({
      isValid: true,
      isInChain: true,
      checked: 2,
    });
    await peer.call("session/end", { sessionId: "gone" });
    await peer.call("session/delete", { sessionId: "gone" });
    expect(await peer.call("chain/validate", { agentId: "valid" })).toMatchObject({
      isValid: false,
      faults: [{ index: 1, sessionId: "gone", kind: "session_gone" }],
    });
  });

  it("S3.1 is forgotten by a reset; an agent without one is told so", async () => {
    const peer = await suite().peer();
    await say(peer, "reset", "x");
    await peer.call("chain/reset", { agentId: "reset" });
    for (const method of ["current", "get", "summary", "validate", "reset"] as const)
      await expect(peer.call(`chain/${method}`, { agentId: "reset" })).rejects.toMatchObject({
        type: "chain_not_found",
      });
    expect(await say(peer, "reset", "y")).toMatchObject({ index: 1 });
  });

  it("is no business of the lease of its session", async () => {
    const peer = await suite().peer();
    const other = await suite().peer();
    await peer.call("session/create", { sessionId: "claimed" });
    await peer.call("session/claim", { sessionId: "claimed" });
    expect(await say(other, "leased", "claimed")).toMatchObject({ index: 1 });
  });

  it("is appended to once under a key", async () => {
    const peer = await suite().peer();
    const params = { agentId: "keyed", sessionId: "x", prompt: "?", idempotencyKey: "chain" };
    const first = await peer.call("chain/append", params);
    expect(await peer.call("chain/append", params)).toEqual(first);
    expect((await peer.call("chain/summary", { agentId: "keyed" })).interactions).toBe(1);
  });

  it("is told of to subscribers", async () => {
    const peer = await suite().peer();
    const { seq } = await say(peer, "told", "x", "hi");
    const client = await suite().client();
    await aMoment();
    await client.chain.append({ agentId: "told", sessionId: "y", prompt: "last" });
    await client.chain.cleanup({ days: 0 });
    await client.chain.reset({ agentId: "told" });
    const seen: object[] = [];
    for await (const item of client.events({ types: ["chain/*"], sinceSeq: seq - 1 })) {
      if (item.type !== "gap" && item.data["agentId" as never] === "told") seen.push(item);
      if (item.type === "chain/reset") break;
    }
    expect(seen).toMatchObject([
      { type: "chain/appended", seq, data: { agentId: "told", index: 1, sessionId: "x", prompt: "hi" } },
      { type: "chain/appended", data: { index: 2 } },
      { type: "chain/trimmed", data: { agentId: "told", dropped: 1, before: expect.any(String) } },
      { type: "chain/reset", data: { agentId: "told" } },
    ]);
    expect(seen[0]).not.toHaveProperty("sessionId");
  });
});

describe("the chains of all agents", () => {
  it("S3.2 are listed, the last one first, and summed up", async () => {
    const daemon = await daemonForTest({ inProcess: true });
    const peer = await daemon.peer();
    expect(await peer.call("chain/stats")).toEqual({ agents: 0, interactions: 0, entries: 0, dropped: 0 });
    for (const agentId of ["a", "b", "c", "a"]) await say(peer, agentId, `of ${agentId}`);
    const page = await peer.call("chain/list", { limit: 2 });
    expect(page).toMatchObject({
      items: [
        { agentId: "a", currentSessionId: "of a", interactions: 2 },
        { agentId: "c", interactions: 1 },
      ],
      total: 3,
    });
    const next = await peer.call("chain/list", { limit: 2, cursor: page.nextCursor ?? "" });
    expect(next).toMatchObject({ items: [{ agentId: "b" }] });
    expect(next).not.toHaveProperty("nextCursor");
    expect(await peer.call("chain/stats")).toMatchObject({ agents: 3, interactions: 4, entries: 4 });
  });

  it("S3.2 lose what is old in a clean-up, and keep the current one of each", async () => {
    const daemon = await daemonForTest({ inProcess: true });
    const peer = await daemon.peer();
    for (const agentId of ["a", "a", "b"]) await say(peer, agentId, "x");
    await say(peer, "a", "now");
    await aMoment();
    expect(await peer.call("chain/cleanup")).toEqual({ agents: 0, dropped: 0, dryRun: false });
    const dry = { agents: 1, dropped: 2, dryRun: true };
    expect(await peer.call("chain/cleanup", { days: 0, dryRun: true })).toEqual(dry);
    expect(await peer.call("chain/cleanup", { days: 0 })).toEqual({ ...dry, dryRun: false });
    expect([await sessionIdsOf(peer, "a"), await sessionIdsOf(peer, "b")]).toEqual([["now"], ["x"]]);
    expect(await peer.call("chain/summary", { agentId: "a" })).toMatchObject({ interactions: 3, dropped: 2 });
    expect(await peer.call("chain/validate", { agentId: "a" })).toMatchObject({ isValid: true });
  });

  it("S3.2 keep the current session of an agent from retention, as long as it is that", async () => {
    const daemon = await daemonForTest({ inProcess: true });
    const peer = await daemon.peer();
    for (const sessionId of ["before", "current"]) {
      await peer.call("session/create", { sessionId });
      await say(peer, "a", sessionId);
      await peer.call("session/end", { sessionId });
    }
    await aMoment();
    const archived = async (): Promise<string[]> => {
      const { sessions } = await peer.call("retention/run", { archiveAfterMs: 1 });
      return sessions.map(({ sessionId }) => sessionId);
    };
    expect(await archived()).toEqual(["before"]);
    await peer.call("chain/cleanup", { days: 0 });
    expect(await archived()).toEqual([]);
    await say(peer, "a", "next");
    expect(await archived()).toEqual(["current"]);
  });

  it("S3.7 lose it by the settings after each start as well", async () => {
    const daemon = await daemonForTest({ config: { retention: { chainsAfterMs: 0 } } });
    const peer = await daemon.peer();
    for (const sessionId of ["old", "older", "current"]) await say(peer, "a", sessionId);
    await aMoment();
    await daemon.restart();
    expect(await sessionIdsOf(await daemon.peer(), "a")).toHaveLength(3);
    await daemon.restart({ retention: { chainsAfterMs: 1 } });
    const next = await daemon.peer();
    await until("the old ones to go", async () => (await sessionIdsOf(next, "a")).length === 1);
    expect(await sessionIdsOf(next, "a")).toEqual(["current"]);
  });

  itOnFiles("S3.2 survive a crash, and a start from a snapshot", async () => {
    const config = { journal: { minimumSnapshotBytes: 1_024, segmentBytes: 4_096 } };
    const daemon = await daemonForTest({ config });
    const peer = await daemon.peer();
    for (let index = 1; index <= 150; index += 1) await say(peer, "a", `s${index}`);
    await say(peer, "../b", "x");
    const before = await answers(peer);
    await daemon.crash();
    expect(await answers(await daemon.peer())).toEqual(before);
    await until("a snapshot", async () => (await readdir(join(daemon.dataDir, "snapshots"))).length > 0);
    await daemon.restart();
    expect(await answers(await daemon.peer())).toEqual(before);
  });
});

async function answers(peer: Peer): Promise<unknown[]> {
  return [
    await peer.call("chain/list"),
    await peer.call("chain/get", { agentId: "a", limit: 1_000 }),
    await peer.call("chain/validate", { agentId: "../b" }),
  ];
}

describe("chain/export", () => {
  const read = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, "utf8"));

  async function filled(daemon: TestDaemon): Promise<{ peer: Peer; folder: string }> {
    const peer = await daemon.peer();
    for (const [agentId, sessionId] of [
      ["test-agent", "session-0"],
      ["test-agent", "session-1"],
      ["../../x", "y"],
    ] as const)
      await say(peer, agentId, sessionId, "p");
    const folder = join(daemon.folder, "exported");
    await mkdir(folder);
    return { peer, folder };
  }

  it("S3.7 writes one agent to a file, all to a file, and all into a folder", async () => {
    const daemon = await daemonForTest({ inProcess: true });
    const { peer, folder } = await filled(daemon);
    const one = join(daemon.folder, "one.json");
    expect(await peer.call("chain/export", { agentId: "test-agent", path: one })).toMatchObject({
      path: one,
      agents: 1,
      interactions: 2,
      files: 1,
    });
    const file = {
      agent_id: "test-agent",
      current_session_id: "session-1",
      interaction_count: 2,
      total_interactions: 2,
      export_date: expect.any(String),
      sessions: [{ session_id: "session-0", interaction_count: 1, last_prompt: "p" }, {}],
    };
    expect(await read(one)).toMatchObject(file);
    const all = join(daemon.folder, "all.json");
    expect(await peer.call("chain/export", { path: all })).toMatchObject({ agents: 2, files: 1 });
    expect(await read(all)).toMatchObject({
      export_date: expect.any(String),
      agents: { "test-agent": { total_interactions: 2, sessions: [{}, {}] }, "../../x": {} },
    });
    expect(await peer.call("chain/export", { path: folder })).toMatchObject({ agents: 2, files: 2 });
    expect((await readdir(folder)).toSorted()).toEqual([
      "%2E.%2F..%2Fx_sessions.json",
      "test-agent_sessions.json",
    ]);
    expect(await read(join(folder, "test-agent_sessions.json"))).toMatchObject(file);
  });

  it("S3.7 writes over nothing, not into the data folder, and nothing of an agent without a chain", async () => {
    const daemon = await daemonForTest({ inProcess: true });
    const { peer, folder } = await filled(daemon);
    const taken = join(folder, "test-agent_sessions.json");
    await writeFile(taken, "mine");
    const refused = { type: "invalid_params", hint: expect.stringContaining("not there yet") };
    await expect(peer.call("chain/export", { path: folder })).rejects.toMatchObject(refused);
    expect(await readFile(taken, "utf8")).toBe("mine");
    const inside = join(daemon.dataDir, "chains.json");
    await expect(peer.call("chain/export", { path: inside })).rejects.toMatchObject(refused);
    const nobody = { agentId: "nobody", path: join(folder, "nobody.json") };
    await expect(peer.call("chain/export", nobody)).rejects.toMatchObject({ type: "chain_not_found" });
    expect(await readdir(folder)).toEqual(["test-agent_sessions.json"]);
  });
});
