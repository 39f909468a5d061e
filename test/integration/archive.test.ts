import { mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

const QUICK = { sessions: { idleTimeoutMs: 0, autoSaveIntervalMs: 100 } };

/** A session that has ended, with activities, messages and a command that wrote something. */
async function fill(peer: Peer, sessionId: string): Promise<string> {
  await peer.call("session/create", { sessionId, name: `the ${sessionId}` });
  for (let index = 0; index < 20; index += 1) {
    await peer.call("session/record", { sessionId, action: `act-${index}` });
    await peer.call("message/append", { sessionId, role: "user", content: `word-${index}` });
  }
  const { commandId } = await peer.call("command/run", { sessionId, argv: ["sh", "-c", "echo written"] });
  await peer.call("session/end", { sessionId });
  return commandId;
}

/** All that is said in a session, in pages. */
async function read(peer: Peer, sessionId: string, commandId: string): Promise<unknown> {
  const first = await peer.call("session/activities", { sessionId, limit: 15 });
  const cursor = first.nextCursor ?? "";
  const second = await peer.call("session/activities", { sessionId, limit: 15, cursor });
  const messages = await peer.call("message/list", { sessionId });
  const { output } = await peer.call("command/output", { commandId });
  return [[...first.items, ...second.items], messages.items, output];
}

/** What is said of a call that is refused. */
async function refusal(peer: Peer, method: string, params: object): Promise<unknown> {
  return (await peer.ask({ method, params })).error?.data;
}

async function filesOf(daemon: TestDaemon, sessionId: string): Promise<string[]> {
  const content = join(daemon.dataDir, "content");
  const folder = (await readdir(content)).find((name) => name.startsWith(`${sessionId}~`));
  if (folder === undefined) return [];
  const files = await readdir(join(content, folder), { recursive: true });
  return files.filter((name) => /\.(?:jsonl|log)/.test(name));
}

const isCompressed = (files: readonly string[]): boolean => files.every((name) => name.endsWith(".gz"));
const isPlain = (files: readonly string[]): boolean => files.every((name) => !name.endsWith(".gz"));

describe("an archived session", () => {
  it("S0.10 is compressed, listed, read and exported, and brought back, over restart and kill -9", async () => {
    const daemon = await daemonForTest({ config: QUICK });
    let peer = await daemon.peer();
    const commandId = await fill(peer, "s");
    const before = await read(peer, "s", commandId);
    await peer.call("session/archive", { sessionId: "s" });
    const compressed = async (): Promise<boolean> => isCompressed(await filesOf(daemon, "s"));
    await until("it to be compressed", compressed);
    expect(await filesOf(daemon, "s")).toHaveLength(4);
    for (const again of ["as it is", "restarted", "killed"]) {
      if (again === "restarted") await daemon.restart();
      if (again === "killed") await daemon.crash();
      if (again !== "as it is") peer = await daemon.peer();
      expect(await read(peer, "s", commandId), again).toEqual(before);
      await until("it to be compressed again", compressed);
    }
    expect(await peer.call("session/list")).toMatchObject({ total: 0 });
    expect(await peer.call("session/list", { includeArchived: true, query: "the s" })).toMatchObject({
      total: 1,
    });
    const path = join(daemon.folder, "exported.json");
    expect(await peer.call("session/export", { sessionId: "s", path })).toMatchObject({
      activities: 20,
      damaged: 0,
    });

    const back = await peer.call("session/unarchive", { sessionId: "s" });
    expect([back.status, back.archivedAt]).toEqual(["completed", undefined]);
    await until("it to be plain again", async () => isPlain(await filesOf(daemon, "s")));
    expect(await read(peer, "s", commandId)).toEqual(before);
    expect(await peer.call("session/list")).toMatchObject({ total: 1 });
  });

  it("S0.10 loses nothing by a kill -9 right behind it, again and again", async () => {
    const daemon = await daemonForTest({ config: QUICK });
    let peer = await daemon.peer();
    const commandId = await fill(peer, "s");
    const before = await read(peer, "s", commandId);
    for (let round = 0; round < 4; round += 1) {
      await peer.call(round % 2 === 0 ? "session/archive" : "session/unarchive", { sessionId: "s" });
      await daemon.crash();
      peer = await daemon.peer();
      expect(await read(peer, "s", commandId)).toEqual(before);
    }
  });

  it("S0.10 is in a backup, and comes out of it", async () => {
    const daemon = await daemonForTest({ config: QUICK });
    const peer = await daemon.peer();
    const commandId = await fill(peer, "s");
    const before = await read(peer, "s", commandId);
    await peer.call("session/archive", { sessionId: "s" });
    await until("it to be compressed", async () => isCompressed(await filesOf(daemon, "s")));
    const path = join(daemon.folder, "backup");
    await peer.call("daemon/backup", { path });
    await daemon.stop();
    await rename(daemon.dataDir, `${daemon.dataDir}.old`);
    await rename(path, daemon.dataDir);
    await daemon.start();
    expect(await read(await daemon.peer(), "s", commandId)).toEqual(before);
  });
});

describe("the trash", () => {
  it("B.7 hides a session, keeps it readable, takes no writes, and gives it back as it was", async () => {
    const daemon = await daemonForTest({ config: QUICK });
    let peer = await daemon.peer();
    const commandId = await fill(peer, "s");
    const before = await read(peer, "s", commandId);
    await peer.call("session/archive", { sessionId: "s" });
    const trashed = await peer.call("session/trash", { sessionId: "s" });
    expect(trashed).toMatchObject({ status: "completed", archivedAt: expect.any(String) as string });
    expect(trashed.deletedAt).toBe(trashed.updatedAt);
    await daemon.crash();
    peer = await daemon.peer();
    for (const filter of [
      {},
      { includeArchived: true },
      { status: "ended" },
      { status: "archived" },
    ] as const)
      expect(await peer.call("session/list", filter)).toMatchObject({ items: [], total: 0 });
    for (const filter of [{ status: "trashed" }, { includeArchived: true, includeTrashed: true }] as const)
      expect(await peer.call("session/list", filter)).toMatchObject({
        items: [{ sessionId: "s" }],
        total: 1,
      });
    expect(await read(peer, "s", commandId)).toEqual(before);
    for (const [method, more] of [
      ["session/pin", {}],
      ["session/unarchive", {}],
      ["session/end", {}],
    ] as const)
      expect(await refusal(peer, method, { sessionId: "s", ...more })).toMatchObject({
        type: "invalid_transition",
      });
    for (const [method, more] of [
      ["session/record", { action: "late" }],
      ["session/update", { name: "late" }],
      ["log/write", { message: "late" }],
    ] as const)
      expect(await refusal(peer, method, { sessionId: "s", ...more })).toMatchObject({
        type: "session_not_active",
      });
    const back = await peer.call("session/untrash", { sessionId: "s" });
    expect(back).toMatchObject({ status: "completed", archivedAt: trashed.archivedAt });
    expect(back.deletedAt).toBeUndefined();
    expect(await peer.call("session/list", { status: "archived" })).toMatchObject({ total: 1 });
  });

  it("B.7 is not for what lives", async () => {
    const daemon = await daemonForTest({ config: QUICK, inProcess: true });
    const peer = await daemon.peer();
    await peer.call("session/create", { sessionId: "s" });
    for (const method of ["session/trash", "session/untrash", "session/unarchive"] as const)
      expect(await refusal(peer, method, { sessionId: "s" })).toMatchObject({
        type: "invalid_transition",
        hint: "end it first with session/end",
      });
    expect(await peer.call("session/pin", { sessionId: "s" })).toMatchObject({
      pinned: true,
      status: "active",
    });
    expect(await peer.call("session/unpin", { sessionId: "s" })).toMatchObject({ pinned: false });
  });
});

describe("whatever retention does", () => {
  it("B.7 touches nothing outside of a session's own folder: links, odd ids, a folder that is a link", async () => {
    const daemon = await daemonForTest({ config: QUICK });
    const peer = await daemon.peer();
    const outside = join(daemon.folder, "outside");
    await mkdir(join(outside, "output"), { recursive: true });
    for (const name of ["activities.jsonl", "conversation.jsonl.gz", "output/c.stdout.log", "precious"])
      await writeFile(join(outside, name), name);
    const kept = async (): Promise<string[]> => (await readdir(outside, { recursive: true })).toSorted();
    const before = await kept();
    const ids = ["a", "A", "archive", "content", "a..", "con.trash", "x".repeat(128), "linked"];
    for (const sessionId of ids) await fill(peer, sessionId);
    for (const sessionId of ids) expect(await filesOf(daemon, sessionId)).not.toEqual([]);
    const content = join(daemon.dataDir, "content");
    for (const name of await readdir(content)) {
      if (name.startsWith("linked~")) {
        await rename(join(content, name), join(daemon.folder, "moved"));
        await symlink(outside, join(content, name));
      } else {
        await symlink(outside, join(content, name, "invocations"));
        await symlink(join(outside, "precious"), join(content, name, "planted.jsonl"));
        await symlink(join(outside, "precious"), join(content, name, "output", "planted.stdout.log"));
      }
    }
    const again = { archiveAfterMs: 1, deleteAfterMs: 1 };
    const dry = await peer.call("retention/run", { ...again, dryRun: true });
    // Neither what the links lead to nor the folder that was moved away.
    const sizeOf = (id: string): number => dry.sessions.find((one) => one.sessionId === id)?.sizeBytes ?? 0;
    expect(sizeOf("linked")).toBeGreaterThan(0);
    expect(sizeOf("linked")).toBeLessThan(sizeOf("a"));
    expect(await peer.call("retention/run", again)).toMatchObject({ archivedCount: ids.length });
    await until("all to be compressed", async () => {
      const own = await Promise.all(ids.slice(0, -1).map((id) => filesOf(daemon, id)));
      return own
        .flat()
        .every((name) => name.endsWith(".gz") || name.includes("planted") || name.startsWith("invocations/"));
    });
    expect(await peer.call("retention/run", again)).toMatchObject({ deletedCount: ids.length });
    await until("all to be gone", async () => (await readdir(content)).length === 0);
    expect(await kept()).toEqual(before);
    for (const name of ["activities.jsonl", "precious"])
      expect(await readFile(join(outside, name), "utf8")).toBe(name);
  });
});
