import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { daemonForSuite, daemonForTest, type TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

const suite = daemonForSuite({ inProcess: true, config: { sessions: { autoSaveIntervalMs: 100 } } });

/** What is said in a session, oldest first. */
async function saidIn(peer: Peer, sessionId: string): Promise<unknown[]> {
  const { items } = await peer.call("message/list", { sessionId, limit: 1_000 });
  return items.map((item) => ("content" in item ? item.content : "damaged"));
}

async function say(peer: Peer, sessionId: string, count: number, from = 1): Promise<string[]> {
  const calls = Array.from({ length: count }, (_, at) =>
    peer.call("message/append", { sessionId, role: "user", content: `m${from + at}` }),
  );
  return (await Promise.all(calls)).map(({ messageId }) => messageId);
}

const upTo = (count: number): string[] => Array.from({ length: count }, (_, index) => `m${index + 1}`);

/** The folders of staged bodies that there are. */
async function stagedIn(daemon: TestDaemon): Promise<string[]> {
  return readdir(join(daemon.dataDir, "content", ".staged")).catch(() => []);
}

describe("session/clone", () => {
  it("S2.2 begins with what its parent has, the conversation included, and goes its own way", async () => {
    const peer = await suite().peer();
    await peer.call("session/create", {
      sessionId: "origin",
      name: "refactor",
      purpose: "p",
      description: "d",
      userId: "alice",
      tags: ["x"],
      workingDirectory: "/tmp",
      metadata: { branch: "main" },
      environment: { API_TOKEN: "hunter2" },
      config: { graceMs: 7 },
    });
    const [first] = await say(peer, "origin", 3);
    await peer.call("session/record", { sessionId: "origin", action: "looked", usage: { inputTokens: 3 } });
    const clone = await peer.call("session/clone", { sessionId: "origin", newSessionId: "copy" });
    expect(clone).toMatchObject({
      sessionId: "copy",
      parentId: "origin",
      status: "active",
      name: "refactor",
      purpose: "p",
      description: "d",
      userId: "alice",
      tags: ["x"],
      workingDirectory: "/tmp",
      metadata: { branch: "main" },
      config: { graceMs: 7 },
      messages: 3,
      activities: 0,
      totals: { tokenUsage: { input: 0 } },
      damaged: 0,
      createdSeq: clone.seq,
    });
    const { items, total } = await peer.call("message/list", { sessionId: "copy" });
    expect(total).toBe(3);
    expect(items[0]).toMatchObject({ messageId: first, index: 1, seq: clone.seq, content: "m1" });
    // The environment itself, and not what is shown of it.
    const { commandId } = await peer.call("command/start", {
      sessionId: "copy",
      argv: ["/bin/sh", "-c", "printf %s $API_TOKEN"],
    });
    await peer.call("command/wait", { commandId });
    expect(await peer.call("command/output", { commandId })).toMatchObject({ output: "hunter2" });

    await say(peer, "copy", 1, 4);
    await say(peer, "origin", 1, 9);
    expect(await saidIn(peer, "copy")).toEqual(upTo(4));
    expect(await saidIn(peer, "origin")).toEqual([...upTo(3), "m9"]);
    expect((await peer.call("session/list", { parentId: "origin" })).items).toMatchObject([
      { sessionId: "copy" },
    ]);
  });

  it("S2.2 takes what it is told to, and the conversation up to a message", async () => {
    const peer = await suite().peer();
    await peer.call("session/create", { sessionId: "long", tags: ["x"], metadata: { a: 1 } });
    const ids = await say(peer, "long", 1_500);
    await peer.call("session/end", { sessionId: "long" });
    await peer.call("session/archive", { sessionId: "long" });
    const bare = await peer.call("session/clone", { sessionId: "long", include: ["tags"], name: "bare" });
    expect(bare).toMatchObject({ name: "bare", tags: ["x"], metadata: {}, messages: 0 });
    const byIndex = await peer.call("session/clone", { sessionId: "long", throughMessage: 1_200 });
    const byId = await peer.call("session/clone", { sessionId: "long", throughMessage: ids[1_199] ?? "" });
    for (const { sessionId, messages } of [byIndex, byId]) {
      expect(messages).toBe(1_200);
      const last = await peer.call("message/list", { sessionId, order: "newest", limit: 1 });
      expect(last.items).toMatchObject([{ content: "m1200", index: 1_200 }]);
      expect(await saidIn(peer, sessionId)).toEqual(upTo(1_000));
    }
    // A page that begins behind others finds its way back below zero as well.
    const pages: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await peer.call("message/list", { sessionId: byId.sessionId, limit: 500, cursor });
      pages.push(...page.items.map((item) => "content" in item && item.content));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(pages).toEqual(upTo(1_200));
    expect(await stagedIn(suite())).toEqual([]);
  });

  it("S2.2 leaves out what a restored checkpoint took back, and a file keeps it in its place", async () => {
    const peer = await suite().peer();
    await peer.call("session/create", { sessionId: "back" });
    await say(peer, "back", 2);
    const { checkpointId } = await peer.call("checkpoint/create", { sessionId: "back" });
    await say(peer, "back", 2, 3);
    await peer.call("checkpoint/restore", { sessionId: "back", checkpointId });
    await say(peer, "back", 1, 5);
    await expect(peer.call("session/clone", { sessionId: "back", throughMessage: 3 })).rejects.toMatchObject({
      type: "message_not_found",
    });
    const clone = await peer.call("session/clone", { sessionId: "back", throughMessage: 5 });
    expect(clone).toMatchObject({ messages: 3, damaged: 0 });
    const { items } = await peer.call("message/list", { sessionId: clone.sessionId });
    expect(items).toMatchObject([
      { content: "m1", index: 1 },
      { content: "m2", index: 2 },
      { content: "m5", index: 3 },
    ]);
    const path = join(suite().folder, "back.jsonl");
    expect(await peer.call("session/export", { sessionId: "back", path })).toMatchObject({ messages: 5 });
    const { imported } = await peer.call("session/import", { path, onConflict: "rename" });
    const taken = await peer.call("message/list", { sessionId: imported[0]?.sessionId ?? "" });
    expect(taken).toMatchObject({ items: [{ index: 1 }, { index: 2 }, { index: 5 }], total: 3 });
  });

  it("S2.2 is refused in words, and leaves nothing", async () => {
    const peer = await suite().peer();
    await peer.call("session/create", { sessionId: "few" });
    await say(peer, "few", 2);
    const clone = (more: object): Promise<unknown> =>
      peer.call("session/clone", { sessionId: "few", ...more });
    for (const throughMessage of [3, "nobody"]) {
      await expect(clone({ throughMessage })).rejects.toMatchObject({
        type: "message_not_found",
        message: expect.stringContaining(String(throughMessage)),
      });
    }
    await expect(clone({ throughMessage: 1, include: ["tags"] })).rejects.toMatchObject({
      type: "invalid_params",
      message: expect.stringContaining("not among what is to be included"),
    });
    await expect(clone({ newSessionId: "few" })).rejects.toMatchObject({ type: "session_exists" });
    await expect(clone({ sessionId: "none" })).rejects.toMatchObject({ type: "session_not_found" });
    expect(await stagedIn(suite())).toEqual([]);
    expect((await peer.call("session/transfers", {})).items).toEqual([]);
  });

  it("S2.2 is done once for its key, also where it is repeated meanwhile", async () => {
    const peer = await suite().peer();
    await peer.call("session/create", { sessionId: "keyed" });
    await say(peer, "keyed", 3);
    const call = { sessionId: "keyed", idempotencyKey: "clone-1" };
    const [one, two] = await Promise.all([
      peer.call("session/clone", call),
      peer.call("session/clone", call),
    ]);
    expect([two, await peer.call("session/clone", call)]).toEqual([one, one]);
    expect((await peer.call("session/list", { parentId: "keyed" })).total).toBe(1);
  });

  it("S2.2 says how many messages could not be read", async () => {
    const peer = await suite().peer();
    const { createdSeq } = await peer.call("session/create", { sessionId: "torn" });
    await say(peer, "torn", 3);
    const saved = join(suite().dataDir, "content", `torn~${createdSeq}`, "conversation.jsonl");
    const text = await until("the save", async () => {
      const found = await readFile(saved, "utf8").catch(() => "");
      return found.includes('"m3"') && found;
    });
    await writeFile(saved, text.replace('"m2"', '"M2"'));
    // The file is written before memory lets go of what is in it.
    const whole = await until("the damage to be seen", async () => {
      const found = await peer.call("session/clone", { sessionId: "torn" });
      return found.damaged > 0 && found;
    });
    expect(whole).toMatchObject({ messages: 2, damaged: 1 });
    expect(await saidIn(peer, whole.sessionId)).toEqual(["m1", "m3"]);
    expect(await peer.call("session/clone", { sessionId: "torn", throughMessage: 2 })).toMatchObject({
      messages: 1,
      damaged: 1,
    });
  });
});

describe("a clone and kill -9", () => {
  /** A daemon with a session that has something to copy. */
  async function withOrigin(): Promise<{ daemon: TestDaemon; peer: Peer }> {
    const daemon = await daemonForTest();
    const peer = await daemon.peer();
    await peer.call("session/create", { sessionId: "origin" });
    await say(peer, "origin", 20);
    return { daemon, peer };
  }

  it("S2.2 leaves nothing of what was staged and never recorded, whether it was whole or not", async () => {
    const { daemon } = await withOrigin();
    const staging = join(daemon.dataDir, "content", ".staged");
    await daemon.kill();
    for (const token of ["0".repeat(32), "not-a-token"]) {
      await mkdir(join(staging, token), { recursive: true });
      await writeFile(join(staging, token, "conversation.jsonl.0123456789ab.tmp"), "{");
    }
    await daemon.start();
    expect(await stagedIn(daemon)).toEqual([]);
    expect(await saidIn(await daemon.peer(), "origin")).toEqual(upTo(20));
  });

  it("S2.2 finds the clone with its conversation, killed before the folder was in its place or after", async () => {
    const { daemon, peer } = await withOrigin();
    const { createdSeq } = await peer.call("session/clone", { sessionId: "origin", newSessionId: "copy" });
    await daemon.kill();
    // As it was between the record and the move.
    const journal = join(daemon.dataDir, "journal");
    const segments = await Promise.all(
      (await readdir(journal)).map((name) => readFile(join(journal, name), "utf8")),
    );
    const token = /"staged":"([0-9a-f]{32})"/.exec(segments.join(""))?.[1] ?? "";
    const content = join(daemon.dataDir, "content");
    await mkdir(join(content, ".staged"), { recursive: true });
    await rename(join(content, `copy~${createdSeq}`), join(content, ".staged", token));
    for (let start = 0; start < 2; start += 1) {
      await daemon.start();
      const again = await daemon.peer();
      expect(await saidIn(again, "copy")).toEqual(upTo(20 + start));
      expect(await stagedIn(daemon)).toEqual([]);
      await say(again, "copy", 1, 21 + start);
      await daemon.kill();
    }
    await daemon.start();
    const last = await daemon.peer();
    expect(await saidIn(last, "copy")).toEqual(upTo(22));
    await last.call("session/end", { sessionId: "copy" });
    await last.call("session/delete", { sessionId: "copy" });
    await daemon.crash();
    await until("its folder to go", async () => !(await readdir(content)).includes(`copy~${createdSeq}`));
  });

  it("S2.2 has the whole clone or none, wherever in the copying it was killed", async () => {
    const { daemon, peer } = await withOrigin();
    for (let from = 21; from < 2_000; from += 500) await say(peer, "origin", 500, from);
    const { messages } = await peer.call("session/get", { sessionId: "origin" });
    let attempts = 0;
    for (const isBegun of [false, true, true]) {
      attempts += 1;
      const newSessionId = `copy${attempts}`;
      const cloning = (await daemon.peer()).call("session/clone", { sessionId: "origin", newSessionId });
      cloning.catch(() => undefined);
      if (isBegun) await until("the staging", async () => (await stagedIn(daemon)).length > 0);
      await daemon.crash();
      const found = await (
        await daemon.peer()
      )
        .call("session/get", { sessionId: newSessionId })
        .catch(() => undefined);
      expect([undefined, messages]).toContain(found?.messages);
      expect(await stagedIn(daemon)).toEqual([]);
    }
  });
});
