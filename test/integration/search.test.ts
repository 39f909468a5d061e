import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import type { Params, Result } from "../../src/protocol/types.js";
import { daemonForSuite, daemonForTest, type TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

type Found = Result<"search/query">;

/** Searches until the index has everything; on a machine that is busy that takes more than one try. */
function find(
  peer: Peer,
  query: string,
  options: Omit<Params<"search/query">, "query"> = {},
): Promise<Found> {
  return until(`all that matches ${query}`, async () => {
    const found = await peer.call("search/query", { query, ...options });
    return found.complete && found;
  });
}

/** What was found, in short: messages by their index, activities by a, sessions by s. */
async function found(
  peer: Peer,
  query: string,
  options?: Omit<Params<"search/query">, "query">,
): Promise<string[]> {
  const { items } = await find(peer, query, options);
  return items.map(({ kind, index }) => (kind === "message" ? String(index) : kind.slice(0, 1))).toSorted();
}

async function say(
  peer: Peer,
  sessionId: string,
  ...contents: Params<"message/append">["content"][]
): Promise<void> {
  for (const content of contents) await peer.call("message/append", { sessionId, role: "user", content });
}

const indexFile = ({ dataDir }: TestDaemon): string => join(dataDir, "search", "index.db");

describe("a search", () => {
  const daemon = daemonForSuite();

  it("finds words, phrases and prefixes in what was said a moment ago", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    await say(peer, sessionId, "The quick brown fox", "a brown quick dog", "Öffne die Tür, überall");
    const within = { sessionIds: [sessionId] };
    expect(await found(peer, "quick brown", within)).toEqual(["1", "2"]);
    expect(await found(peer, '"quick brown"', within)).toEqual(["1"]);
    expect(await found(peer, "bro*", within)).toEqual(["1", "2"]);
    expect(await found(peer, "quick -dog", within)).toEqual(["1"]);
    expect(await found(peer, "offne ÜBER*", within)).toEqual(["3"]);
    expect(await found(peer, "nowhere", within)).toEqual([]);
    await say(peer, sessionId, "one more quick thing");
    expect(await found(peer, "quick", within)).toEqual(["1", "2", "4"]);
  });

  it("leaves out what lies in the trash, unless it is asked for or its session is named", async () => {
    const peer = await daemon().peer();
    const [kept, trashed] = [
      await peer.call("session/create", { name: "capybara" }),
      await peer.call("session/create", { name: "capybara" }),
    ];
    const { sessionId } = trashed;
    for (const session of [kept, trashed]) await say(peer, session.sessionId, "a capybara");
    await peer.call("session/record", { sessionId, action: "capybara" });
    expect(await found(peer, "capybara")).toEqual(["1", "1", "a", "s", "s"]);
    await peer.call("session/end", { sessionId });
    await peer.call("session/trash", { sessionId });
    for (const order of ["rank", "newest"] as const) {
      // A page is as long as it may be: what is left out takes no place in it.
      const { items, nextCursor } = await find(peer, "capybara", { order, limit: 2 });
      expect(items.map((item) => item.sessionId)).toEqual([kept.sessionId, kept.sessionId]);
      expect(nextCursor).toBeUndefined();
      expect(await found(peer, "capybara", { order, includeTrashed: true })).toHaveLength(5);
    }
    expect(await found(peer, "capybara", { sessionIds: [sessionId] })).toEqual(["1", "a", "s"]);
    await peer.call("session/untrash", { sessionId });
    expect(await found(peer, "capybara")).toEqual(["1", "1", "a", "s", "s"]);
  });

  it("finds blocks, activities, and sessions by all that is told of them", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", {
      name: "aardvark",
      purpose: "about an okapi",
      tags: ["pangolin"],
      metadata: { animal: { kind: "tapir" } },
    });
    await say(peer, sessionId, [
      { type: "text", text: "an axolotl" },
      { type: "tool_result", content: [{ type: "text", text: "a quokka" }] },
      { type: "image", source: { type: "base64", data: "numbat" } },
    ]);
    await peer.call("session/record", { sessionId, action: "feed", details: { whom: ["the wombat"] } });
    for (const word of ["aardvark", "okapi", "pangolin", "tapir", "animal"])
      expect(await found(peer, word), word).toEqual(["s"]);
    for (const word of ["axolotl", "quokka"]) expect(await found(peer, word), word).toEqual(["1"]);
    for (const word of ["feed", "wombat"]) expect(await found(peer, word), word).toEqual(["a"]);
    expect(await found(peer, "numbat")).toEqual([]);
    await peer.call("session/update", { sessionId, name: "renamed" });
    await peer.call("metadata/set", { sessionId, key: "animal", value: "okapi" });
    expect(await found(peer, "aardvark")).toEqual([]);
    expect(await found(peer, "tapir")).toEqual([]);
    expect(await found(peer, "renamed")).toEqual(["s"]);
  });

  it("keeps to sessions, users, tags, roles, times and kinds", async () => {
    const peer = await daemon().peer();
    const one = await peer.call("session/create", { userId: "ada", tags: ["x", "y"], name: "zebra one" });
    const two = await peer.call("session/create", { userId: "bob", tags: ["x"] });
    await say(peer, one.sessionId, "zebra");
    await peer.call("message/append", { sessionId: two.sessionId, role: "assistant", content: "zebra two" });
    await peer.call("session/record", { sessionId: two.sessionId, action: "zebra" });
    const sessionsOf = async (options: Omit<Params<"search/query">, "query">): Promise<string[]> =>
      (await find(peer, "zebra", options)).items
        .map((item) => `${item.sessionId === one.sessionId ? 1 : 2}${item.kind}`)
        .toSorted();
    expect(await sessionsOf({})).toEqual(["1message", "1session", "2activity", "2message"]);
    expect(await sessionsOf({ sessionIds: [two.sessionId] })).toEqual(["2activity", "2message"]);
    expect(await sessionsOf({ userId: "ada" })).toEqual(["1message", "1session"]);
    expect(await sessionsOf({ tags: ["x"], in: ["messages"] })).toEqual(["1message", "2message"]);
    expect(await sessionsOf({ tags: ["x", "y"], in: ["messages"] })).toEqual(["1message"]);
    expect(await sessionsOf({ role: "assistant" })).toEqual(["2message"]);
    expect(await sessionsOf({ in: ["sessions", "activities"] })).toEqual(["1session", "2activity"]);
    const [message] = (await find(peer, "zebra two")).items;
    const at = message?.at ?? "";
    expect(await sessionsOf({ since: at, in: ["messages"] })).toEqual(expect.arrayContaining(["2message"]));
    expect(await sessionsOf({ until: at, in: ["messages"] })).not.toContain("2message");
    await peer.call("session/update", { sessionId: two.sessionId, userId: "ada" });
    expect(await sessionsOf({ userId: "ada", in: ["activities"] })).toEqual(["2activity"]);
  });

  it("tells where it is, with the words around it, and pages by rank or newest first", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const contents = Array.from({ length: 25 }, (_, at) => `${"padding ".repeat(40)} giraffe ${at}`);
    await say(peer, sessionId, ...contents, "giraffe giraffe giraffe");
    const [first] = (await find(peer, "giraffe")).items;
    expect(first).toMatchObject({ kind: "message", sessionId, index: 26, role: "user" });
    expect(first?.snippet).toBe("giraffe giraffe giraffe");
    expect(first?.marks).toEqual([
      { from: 0, to: 7 },
      { from: 8, to: 15 },
      { from: 16, to: 23 },
    ]);
    expect(first?.rank).toBeLessThan(0);
    for (const order of ["rank", "newest"] as const) {
      const indices: (number | undefined)[] = [];
      let cursor: string | undefined;
      do {
        const page: Found = await find(peer, "giraffe", {
          order,
          limit: 10,
          ...(cursor === undefined ? {} : { cursor }),
        });
        for (const { index, snippet, marks } of page.items) {
          const [{ from, to } = { from: 0, to: 0 }] = marks;
          indices.push(index);
          expect(snippet.slice(from, to)).toBe("giraffe");
        }
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(indices.toSorted((a = 0, b = 0) => a - b)).toEqual(
        Array.from({ length: 26 }, (_, at) => at + 1),
      );
      if (order === "newest") expect(indices).toEqual(indices.toSorted((a = 0, b = 0) => b - a));
    }
  });

  it("comes one by one to a program, page after page", async () => {
    const client = await daemon().client();
    const { sessionId } = await client.session.create();
    for (let at = 1; at <= 5; at++)
      await client.message.append({ sessionId, role: "user", content: `ibex ${at}` });
    await until("the index", async () => (await client.call("search/query", { query: "ibex" })).complete);
    const indices: (number | undefined)[] = [];
    for await (const { index } of client.search("ibex", { order: "newest", limit: 2 })) indices.push(index);
    expect(indices).toEqual([5, 4, 3, 2, 1]);
  });

  it("refuses what has no word, sessions that are not there, and cursors of another order", async () => {
    const peer = await daemon().peer();
    for (const query of ["-only", "*", '"', "---", " "])
      await expect(peer.call("search/query", { query })).rejects.toMatchObject({ type: "invalid_params" });
    const nobody = peer.call("search/query", { query: "a", sessionIds: ["nobody"] });
    await expect(nobody).rejects.toMatchObject({ type: "session_not_found" });
    const cursor = Buffer.from('{"skip":1}').toString("base64url");
    const mixed = peer.call("search/query", { query: "a", order: "newest", cursor });
    await expect(mixed).rejects.toMatchObject({ type: "invalid_params" });
  });

  it("forgets a deleted session, also where its id is used again", async () => {
    const peer = await daemon().peer();
    const again = { sessionId: "again", name: "hippo" };
    await peer.call("session/create", again);
    await say(peer, "again", "hippo");
    expect(await found(peer, "hippo")).toEqual(["1", "s"]);
    await peer.call("session/end", { sessionId: "again" });
    await peer.call("session/delete", { sessionId: "again" });
    expect(await found(peer, "hippo")).toEqual([]);
    await peer.call("session/create", again);
    expect(await found(peer, "hippo")).toEqual(["s"]);
  });
});

describe("the index", () => {
  it("is not there before the first search, and is private", async () => {
    const daemon = await daemonForTest();
    const peer = await daemon.peer();
    const { sessionId } = await peer.call("session/create");
    await say(peer, sessionId, "lemur");
    expect(await readdir(daemon.dataDir)).not.toContain("search");
    expect(await found(peer, "lemur")).toEqual(["1"]);
    expect((await stat(indexFile(daemon))).mode & 0o077).toBe(0);
  });

  it("catches up after a restart, after kill -9, with a lock left behind, and in part from the files", async () => {
    const daemon = await daemonForTest();
    let peer = await daemon.peer();
    const config = { autoSaveIntervalMs: 100 };
    const { sessionId } = await peer.call("session/create", { config });
    const gone = await peer.call("session/create", { config });
    await say(peer, sessionId, "lemur one", "lemur two");
    await say(peer, gone.sessionId, "lemur gone");
    expect(await found(peer, "lemur")).toEqual(["1", "1", "2"]);
    await say(peer, sessionId, "lemur three");
    await daemon.restart();
    peer = await daemon.peer();
    await say(peer, sessionId, "lemur four");
    expect(await found(peer, "lemur")).toEqual(["1", "1", "2", "3", "4"]);
    await daemon.crash();
    expect(await readdir(join(daemon.dataDir, "search"))).toContain("index.db.lock");
    peer = await daemon.peer();
    await say(peer, sessionId, "lemur five");
    await peer.call("session/end", { sessionId: gone.sessionId });
    await peer.call("session/delete", { sessionId: gone.sessionId });
    expect(await found(peer, "lemur")).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("is made anew where it is missing or damaged", async () => {
    const daemon = await daemonForTest();
    let peer = await daemon.peer();
    const { sessionId } = await peer.call("session/create", { config: { autoSaveIntervalMs: 100 } });
    await say(
      peer,
      sessionId,
      ...Array.from({ length: 50 }, (_, at) => `tarsier number ${at} ${"and more ".repeat(100)}`),
    );
    const whole = (): Promise<string[]> => found(peer, "tarsier", { limit: 100 });
    expect(await whole()).toHaveLength(50);
    const file = indexFile(daemon);
    const harms: readonly (() => Promise<unknown>)[] = [
      () => rm(join(daemon.dataDir, "search"), { recursive: true }),
      async () => writeFile(file, (await readFile(file)).fill(0x5a, 4096)),
    ];
    for (const [at, harm] of harms.entries()) {
      await daemon.stop();
      await harm();
      await daemon.start();
      peer = await daemon.peer();
      expect(await whole(), `harm ${at}`).toHaveLength(50);
    }
  });

  it("goes with the state that a restore puts aside", async () => {
    // The journal goes on with the same numbers, and says something else.
    const daemon = await daemonForTest();
    const peer = await daemon.peer();
    await peer.call("session/create", { name: "before" });
    expect(await found(peer, "before")).toEqual(["s"]);
    await daemon.stop();
    await mkdir(join(daemon.dataDir, "restore.ready", "journal"), { recursive: true, mode: 0o700 });
    await writeFile(join(daemon.dataDir, "restore.ready", "restore.json"), '{"seq":0,"aside":null}\n');
    await rm(join(daemon.dataDir, "journal"), { recursive: true });
    await rm(join(daemon.dataDir, "snapshots"), { recursive: true });
    await daemon.start();
    expect(await readdir(daemon.dataDir)).not.toContain("search");
  });
});
