import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { daemonForTest, type TestDaemon } from "../support/daemon.js";
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

const contentOf = (daemon: TestDaemon): Promise<string[]> => readdir(join(daemon.dataDir, "content"));

describe("retention/run", () => {
  it("S0.10 archives what ended, deletes what was archived, and spares what lives", async () => {
    const daemon = await daemonForTest({ config: QUICK, inProcess: true });
    const peer = await fill(daemon);
    const before = await statuses(peer);
    const { seq } = (await peer.call("daemon/status")).journal;
    expect(await peer.call("retention/run")).toMatchObject({
      archivedCount: 0,
      deletedCount: 0,
      dryRun: false,
    });
    const dry = await peer.call("retention/run", { archiveAfterMs: 1, deleteAfterMs: 1, dryRun: true });
    expect(dry).toMatchObject({ archived: ["old", "older"], deleted: [], dryRun: true });
    expect(await statuses(peer)).toEqual(before);
    expect((await peer.call("daemon/status")).journal.seq).toBe(seq);

    expect(await peer.call("retention/run", { archiveAfterMs: 1, deleteAfterMs: 1 })).toEqual({
      ...dry,
      dryRun: false,
    });
    const archived = { alive: "active", paused: "paused", old: "archived", older: "archived" };
    expect(await statuses(peer)).toEqual(archived);
    // By the settings nothing is ever deleted.
    expect(await peer.call("retention/run")).toMatchObject({ archivedCount: 0, deletedCount: 0 });
    expect(await peer.call("retention/run", { deleteAfterMs: 3_600_000 })).toMatchObject({ deletedCount: 0 });
    await until("the activities to be saved", async () => (await contentOf(daemon)).length === 4);

    expect(await peer.call("retention/run", { deleteAfterMs: 1 })).toMatchObject({
      archived: [],
      deleted: ["old", "older"],
      deletedCount: 2,
    });
    expect(await statuses(peer)).toEqual({ alive: "active", paused: "paused" });
    await until("the content to go", async () =>
      (await contentOf(daemon)).every((name) => name.startsWith("alive~") || name.startsWith("paused~")),
    );
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
