import { statSync } from "node:fs";
import { appendFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { loadConfig } from "../../src/config/load.js";
import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import { GitRepository } from "../support/gitRepository.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

const QUICK = { sessions: { idleTimeoutMs: 0, autoSaveIntervalMs: 100 } };

/** Sessions with an activity: `alive`, `paused`, and two that ended a moment ago. */
async function fill(daemon: TestDaemon): Promise<Peer> {
  const peer = await daemon.peer();
  for (const sessionId of ["alive", "paused", "old", "older"]) {
    await peer.call("session/create", { sessionId });
    await peer.call("session/record", { sessionId, action: "said" });
  }
  await peer.call("session/pause", { sessionId: "paused" });
  for (const sessionId of ["old", "older"]) await peer.call("session/end", { sessionId });
  const { endedAt = "" } = await peer.call("session/get", { sessionId: "older" });
  await until("a millisecond to pass", () => Date.now() > Date.parse(endedAt));
  return peer;
}

async function statuses(peer: Peer): Promise<Record<string, string>> {
  const { items } = await peer.call("session/list", { includeArchived: true });
  return Object.fromEntries(
    items.map(({ sessionId, status, archivedAt }) => [
      sessionId,
      archivedAt === undefined ? status : "archived",
    ]),
  );
}

/** Bytes of everything below the data folder that is of one session alone, by its name. */
async function takenBy({ dataDir }: TestDaemon, sessionId: string): Promise<number> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const own = new RegExp(`/(?:session_)?${sessionId}(?:~\\d+/|\\.json)`);
  const paths = entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
  return paths.filter((path) => own.test(path)).reduce((sum, path) => sum + statSync(path).size, 0);
}

const contentOf = (daemon: TestDaemon): Promise<string[]> => readdir(join(daemon.dataDir, "content"));

describe("retention/run", () => {
  it("S0.10 archives what ended, deletes what was archived, and spares what lives", async () => {
    const daemon = await daemonForTest({ config: QUICK, inProcess: true });
    const peer = await fill(daemon);
    const before = await statuses(peer);
    const { seq } = (await peer.call("daemon/status")).journal;
    expect(await peer.call("retention/run")).toMatchObject({ sessions: [], dryRun: false });
    const ages = { archiveAfterMs: 1, deleteAfterMs: 1 };
    await until("the activities to be saved", async () => (await contentOf(daemon)).length === 4);
    const dry = await peer.call("retention/run", { ...ages, dryRun: true });
    const sizes = await Promise.all(["old", "older"].map((id) => takenBy(daemon, id)));
    const step = { action: "archive", reason: "retention.archiveAfterMs" };
    expect(dry).toEqual({
      sessions: ["old", "older"].map((sessionId, at) => ({ sessionId, ...step, sizeBytes: sizes[at] })),
      archivedCount: 2,
      trashedCount: 0,
      deletedCount: 0,
      totalBytes: sizes.reduce((sum, size) => sum + size, 0),
      deletedBytes: 0,
      dryRun: true,
    });
    expect(await statuses(peer)).toEqual(before);
    expect((await peer.call("daemon/status")).journal.seq).toBe(seq);

    expect(await peer.call("retention/run", ages)).toEqual({ ...dry, dryRun: false });
    const archived = { alive: "active", paused: "paused", old: "archived", older: "archived" };
    expect(await statuses(peer)).toEqual(archived);
    // By the settings nothing is ever deleted.
    expect(await peer.call("retention/run")).toMatchObject({ sessions: [] });
    expect(await peer.call("retention/run", { deleteAfterMs: 3_600_000 })).toMatchObject({ deletedCount: 0 });

    expect(await peer.call("retention/run", { deleteAfterMs: 1 })).toMatchObject({
      sessions: [
        { sessionId: "old", action: "delete" },
        { sessionId: "older", action: "delete" },
      ],
      deletedCount: 2,
    });
    expect(await statuses(peer)).toEqual({ alive: "active", paused: "paused" });
    await until("the content to go", async () =>
      (await contentOf(daemon)).every((name) => name.startsWith("alive~") || name.startsWith("paused~")),
    );
  });

  it("B.7 goes by policies and a quota, spares what is pinned, and says what is in force", async () => {
    const policies = [{ match: { tags: ["ci"] }, keep: { count: 1 }, action: "trash" as const }];
    const retention = { archiveAfterMs: 0, policies, maxSessions: 4, trashAfterMs: 0 };
    const daemon = await daemonForTest({ config: { ...QUICK, retention }, inProcess: true });
    const peer = await daemon.peer();
    for (const sessionId of ["a", "b", "c", "d", "e"]) {
      await peer.call("session/create", { sessionId, tags: sessionId < "d" ? ["ci"] : [] });
      await peer.call("session/end", { sessionId });
    }
    await peer.call("session/pin", { sessionId: "a" });
    expect(await peer.call("retention/policy")).toEqual({
      policies: [{ ...policies[0], reason: "retention.policies[0]" }],
      trashAfterMs: 0,
      maxSessions: 4,
      maxTotalBytes: 0,
    });
    const dry = await peer.call("retention/run", { dryRun: true });
    expect(dry.sessions).toEqual([
      {
        sessionId: "b",
        action: "trash",
        reason: "retention.policies[0]",
        sizeBytes: await takenBy(daemon, "b"),
      },
    ]);
    expect(await peer.call("retention/run")).toEqual({ ...dry, dryRun: false });
    expect(await peer.call("session/list", { status: "trashed" })).toMatchObject({
      items: [{ sessionId: "b", status: "completed" }],
      total: 1,
    });
    expect(await peer.call("session/list", { pinned: true })).toMatchObject({ items: [{ sessionId: "a" }] });
    // What is in the trash counts, until a quota or its time takes it from there.
    expect(await peer.call("retention/run")).toMatchObject({
      sessions: [{ sessionId: "b", action: "delete", reason: "retention.maxSessions" }],
    });
    expect(await peer.call("retention/run")).toMatchObject({ sessions: [] });
    expect(Object.keys(await statuses(peer)).sort()).toEqual(["a", "c", "d", "e"]);
  });

  it("S4.6 takes its settings from the environment, policies as JSON", async () => {
    const policies = [{ match: { status: ["failed"], olderThanMs: 5 }, action: "delete" }];
    const { retention } = loadConfig({
      env: {
        SESSIOND_RETENTION_POLICIES: JSON.stringify(policies),
        SESSIOND_RETENTION_TRASH_AFTER_MS: "60000",
        SESSIOND_RETENTION_MAX_TOTAL_BYTES: "1000000",
      },
    });
    const daemon = await daemonForTest({ config: { retention }, inProcess: true });
    expect(await (await daemon.peer()).call("retention/policy")).toMatchObject({
      policies: [policies[0], { reason: "retention.archiveAfterMs" }],
      trashAfterMs: 60_000,
      maxTotalBytes: 1_000_000,
    });
  });

  it("S0.10 survives a crash, and is typed in the client", async () => {
    const daemon = await daemonForTest({ config: QUICK });
    await fill(daemon);
    const client = await daemon.client();
    expect(await client.retention.run({ archiveAfterMs: 1 })).toMatchObject({ archivedCount: 2 });
    await daemon.crash();
    expect(await statuses(await daemon.peer())).toMatchObject({ old: "archived", older: "archived" });
  });
});

describe("the job", () => {
  it("S0.10 goes by the settings once after each start", async () => {
    const daemon = await daemonForTest({ config: QUICK });
    await fill(daemon);
    const retention = { archiveAfterMs: 1, deleteAfterMs: 1 };
    await daemon.restart({ retention });
    const peer = await daemon.peer();
    await until("the sessions to be archived", async () => (await statuses(peer))["older"] === "archived");
    expect(await statuses(peer)).toMatchObject({ alive: "active", paused: "paused", old: "archived" });
    await daemon.restart({ retention });
    const next = await daemon.peer();
    await until(
      "the sessions to be deleted",
      async () => (await next.call("session/list", { includeArchived: true })).total === 2,
    );
    expect(await statuses(next)).toEqual({ alive: "active", paused: "paused" });
    expect((await daemon.log()).filter(({ event }) => event === "retention.done")).toMatchObject([
      { archivedCount: 2, deletedCount: 0 },
      { archivedCount: 0, deletedCount: 2 },
    ]);
  });
});

describe("the size of a session", () => {
  const AGES = { archiveAfterMs: 1, deleteAfterMs: 0, trashAfterMs: 0 };

  async function endAndMeasure(peer: Peer, sessionId: string): Promise<number> {
    const { endedAt = "" } = await peer.call("session/end", { sessionId });
    await until("a millisecond to pass", () => Date.now() > Date.parse(endedAt));
    const dry = await peer.call("retention/run", { ...AGES, dryRun: true });
    const again = await peer.call("retention/run", { ...AGES, dryRun: true });
    expect(again).toEqual(dry);
    return dry.sessions.find((one) => one.sessionId === sessionId)?.sizeBytes ?? -1;
  }

  it("B.7 is all that it takes: bodies, output, checkpoints, logs, and its file for people", async () => {
    const daemon = await daemonForTest({ config: QUICK, inProcess: true });
    const peer = await daemon.peer();
    const sessionId = "s";
    await peer.call("session/create", { sessionId });
    await peer.call("message/append", { sessionId, role: "user", content: "x".repeat(10_000) });
    await peer.call("checkpoint/create", { sessionId });
    await peer.call("log/write", { sessionId, message: "x".repeat(12_000) });
    await peer.call("command/run", { sessionId, argv: ["sh", "-c", "head -c 40000 /dev/zero"] });
    await peer.call("session/update", { sessionId, description: "x".repeat(3_000) });
    const sizeBytes = await endAndMeasure(peer, sessionId);
    expect(sizeBytes).toBeGreaterThan(65_000);
    expect(sizeBytes).toBe(await takenBy(daemon, sessionId));
    expect(await peer.call("retention/run", AGES)).toMatchObject({ totalBytes: sizeBytes, archivedCount: 1 });
  });

  it("S2.14 B.7 has a workspace in it that would be removed, and none that stays", async () => {
    const repository = await GitRepository.forTest();
    const daemon = await daemonForTest({ config: QUICK, env: { HOME: repository.home } });
    const peer = await daemon.peer();
    const sizes: Record<string, number> = {};
    for (const [sessionId, keep] of [
      ["clean", "if_dirty"],
      ["dirty", "if_dirty"],
      ["kept", "always"],
    ] as const) {
      const { workspace, workingDirectory = "" } = await peer.call("session/create", {
        sessionId,
        workingDirectory: repository.path,
        workspace: { kind: "worktree", keep },
      });
      // It is nothing to git, so it goes with the worktree.
      const ignored = join(repository.path, ".git", "info", "exclude");
      await appendFile(ignored, "big.bin\n");
      await writeFile(join(workingDirectory, "big.bin"), Buffer.alloc(100_000));
      if (sessionId === "dirty") await writeFile(join(workingDirectory, "new.txt"), "new");
      expect(workspace?.keep).toBe(keep);
      sizes[sessionId] = await endAndMeasure(peer, sessionId);
    }
    expect(sizes["clean"]).toBeGreaterThan(100_000);
    expect(sizes["dirty"]).toBeLessThan(100_000);
    expect(sizes["kept"]).toBeLessThan(100_000);
  });
});
