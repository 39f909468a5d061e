import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

const suite = daemonForSuite({ config: { sessions: { autoSaveIntervalMs: 100 } } });

let tries = 0;

interface File {
  readonly status: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly activity_log: readonly { readonly action: string }[];
}

async function exported(path: string): Promise<File> {
  return JSON.parse(await readFile(path, "utf8")) as File;
}

/** What an import is to bring back of a session. */
async function keptOf(peer: Peer, sessionId: string): Promise<object> {
  const session = await peer.call("session/get", { sessionId });
  const { items } = await peer.call("session/activities", { sessionId, order: "oldest", limit: 1_000 });
  // What stays behind: where it was, what ran in it, and settings beside the one that files have.
  const { createdSeq: _, updatedAt: __, commands: ___, totals: ____, environment: _____, ...kept } = session;
  return {
    ...kept,
    config: kept.config.idleTimeoutMs,
    activities: items.map((item) => "action" in item && [item.action, item.at, item.details]),
  };
}

/** A session with something of everything, and more activities than its file for people shows. */
async function fill(peer: Peer, sessionId: string, count = 150): Promise<void> {
  await peer.call("session/create", {
    sessionId,
    name: "größe",
    purpose: "to be carried away",
    description: "with\ntwo lines",
    userId: "alice",
    workingDirectory: "/tmp",
    tags: ["a", "b c"],
    metadata: { nested: { list: [1, null, "zwei"] } },
    environment: { API_TOKEN: "hunter2", PLAIN: "seen" },
    config: { idleTimeoutMs: 7_200_000 },
  });
  const calls = Array.from({ length: count }, (_, index) =>
    peer.call("session/record", { sessionId, action: `a${index}`, details: { index, text: '"\n]}' } }),
  );
  await Promise.all(calls);
}

describe("session/export", () => {
  it.each(["active", "paused", "failed", "archived"] as const)(
    "S0.10 writes all of a session that is %s, and another daemon takes it over as it was",
    async (state) => {
      const peer = await suite().peer();
      const sessionId = `x-${state}`;
      await fill(peer, sessionId);
      if (state === "paused") await peer.call("session/pause", { sessionId });
      if (state === "failed" || state === "archived")
        await peer.call("session/end", { sessionId, status: "failed", reason: "no luck" });
      if (state === "archived") await peer.call("session/archive", { sessionId });
      const path = join(suite().folder, `session_${sessionId}.json`);
      const result = await peer.call("session/export", { sessionId, path });
      const { size, mode } = await stat(path);
      expect(result).toEqual({ path, sizeBytes: size, activities: 150, messages: 0, damaged: 0 });
      expect(mode & 0o777).toBe(0o600);
      const file = await exported(path);
      expect(file.activity_log.map(({ action }) => action)).toEqual(
        Array.from({ length: 150 }, (_, index) => `a${index}`),
      );
      expect(file.environment).toEqual({ API_TOKEN: expect.not.stringContaining("hunter2"), PLAIN: "seen" });

      const other = await (await daemonForTest({ inProcess: true })).peer();
      const { imported, skipped } = await other.call("session/import", { path });
      expect({ ids: imported.map((one) => one.sessionId), skipped }).toEqual({
        ids: [sessionId],
        skipped: [],
      });
      expect(await keptOf(other, sessionId)).toEqual(await keptOf(peer, sessionId));
    },
  );

  it("S0.10 has activities of the disk and of memory once each, while more come in", async () => {
    const peer = await suite().peer();
    await fill(peer, "busy", 2_500);
    const over = new AbortController();
    const writing = (async () => {
      while (!over.signal.aborted) await peer.call("session/record", { sessionId: "busy", action: "later" });
    })();
    const paths = [1, 2, 3].map((number) => join(suite().folder, `busy-${number}.json`));
    const results = await Promise.all(
      paths.map((path) => peer.call("session/export", { sessionId: "busy", path })),
    );
    over.abort();
    await writing;
    for (const { path, activities, damaged } of results) {
      const actions = (await exported(path)).activity_log.map(({ action }) => action);
      expect(actions.filter((action) => action !== "later")).toEqual(
        Array.from({ length: 2_500 }, (_, index) => `a${index}`),
      );
      expect([actions.length, damaged]).toEqual([activities, 0]);
    }
  });

  it("S0.10 leaves out an activity that is damaged, and counts it", async () => {
    const peer = await suite().peer();
    const { createdSeq } = await peer.call("session/create", { sessionId: "torn" });
    for (const action of ["one", "two", "three"])
      await peer.call("session/record", { sessionId: "torn", action });
    const saved = join(suite().dataDir, "content", `torn~${createdSeq}`, "activities.jsonl");
    const text = await until("the save", async () => {
      const found = await readFile(saved, "utf8").catch(() => "");
      return found.includes('"three"') && found;
    });
    await writeFile(saved, text.replace('"two"', '"twO"'));
    // The file is written before memory lets go of what is in it.
    let path = "";
    const result = await until("the damage to be seen", async () => {
      path = join(suite().folder, `torn-${(tries += 1)}.json`);
      const found = await peer.call("session/export", { sessionId: "torn", path });
      return found.damaged > 0 && found;
    });
    expect(result).toMatchObject({ activities: 2, damaged: 1 });
    expect((await exported(path)).activity_log.map(({ action }) => action)).toEqual(["one", "three"]);
  });

  it("S0.10 refuses a path that it cannot take, in words, and leaves nothing there", async () => {
    const peer = await suite().peer();
    await peer.call("session/create", { sessionId: "stays" });
    const { folder, dataDir } = suite();
    await writeFile(join(folder, "mine.json"), "mine");
    const refused = {
      [join(folder, "mine.json")]: "is there already",
      [join(folder, "no", "x.json")]: "There is no folder",
      [join(dataDir, "sessions", "session_x.json")]: "lies in the data folder",
      "x.json": "path",
    };
    for (const [path, words] of Object.entries(refused)) {
      await expect(peer.call("session/export", { sessionId: "stays", path })).rejects.toMatchObject({
        message: expect.stringContaining(words),
        type: "invalid_params",
      });
    }
    await expect(
      peer.call("session/export", { sessionId: "nobody", path: join(folder, "nobody.json") }),
    ).rejects.toMatchObject({ type: "session_not_found" });
    expect(await readFile(join(folder, "mine.json"), "utf8")).toBe("mine");
    expect((await readdir(folder)).filter((name) => /nobody|\.tmp$/.test(name))).toEqual([]);
  });
});
