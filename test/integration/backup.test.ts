import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { acquireDataLock, readBackup, restoreBackup } from "../../src/daemon.js";
import { commitStaged, makeAside, stageBackup } from "../../src/content/backup/restoreFolder.js";
import type { EventShape } from "../../src/protocol/types.js";
import { daemonForTest, TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

const CONFIG = { sessions: { idleTimeoutMs: 0, autoSaveIntervalMs: 100 } };
const NOW = { replace: false, dryRun: false, nowMs: Date.UTC(2026, 0, 2) };

/** A session as far as events tell of it. */
interface Told {
  status: string;
  metadata: Record<string, unknown>;
  readonly actions: string[];
}

/** What events say, by the simplest reading of them that there is. */
function tell(events: readonly EventShape[]): Map<string, Told> {
  const sessions = new Map<string, Told>();
  for (const { type, sessionId, data } of events) {
    if (sessionId === undefined) continue;
    const told = sessions.get(sessionId);
    if (type === "session/created") {
      sessions.set(sessionId, { status: "active", metadata: { ...data.metadata }, actions: [] });
    } else if (type === "metadata/set" && told !== undefined) told.metadata[data.key] = data.value;
    else if (type === "activity/recorded") told?.actions.push(data.action);
    else if (type === "session/ended" && told !== undefined) told.status = data.status;
    else if (type === "session/deleted") sessions.delete(sessionId);
  }
  return sessions;
}

/** What a daemon says of all its sessions, in the same shape. */
async function ask(peer: Peer): Promise<Map<string, Told>> {
  const sessions = new Map<string, Told>();
  let cursor: string | undefined;
  do {
    const page = await peer.call("session/list", {
      limit: 1_000,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (let at = 0; at < page.items.length; at += 50) {
      const some = page.items.slice(at, at + 50).map(async ({ sessionId, status, metadata }) => {
        const { items } = await peer.call("session/activities", { sessionId, order: "oldest" });
        const actions = items.map((item) => ("action" in item ? item.action : "damaged"));
        sessions.set(sessionId, { status, metadata, actions });
      });
      await Promise.all(some);
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return sessions;
}

/** A keyed call as it was made, with its answer. */
interface Acknowledged {
  readonly params: { readonly sessionId: string; readonly action: string; readonly idempotencyKey: string };
  readonly seq: number;
}

/** Writes as fast as it is answered, several calls at a time, until it is told to stop. */
async function write(peer: Peer, name: string, isOver: () => boolean): Promise<Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  for (let turn = 0; !isOver(); turn += 1) {
    const sessionId = `${name}-${turn}`;
    // All in one turn: they are decided in this order.
    const created = peer.call("session/create", { sessionId, metadata: { turn } });
    const recorded = ["a", "b", "c"].map(async (action) => {
      const params = { sessionId, action, idempotencyKey: randomUUID() };
      acknowledged.push({ params, seq: (await peer.call("session/record", params)).seq });
    });
    const set = peer.call("metadata/set", { sessionId: `${name}-0`, key: "turn", value: turn });
    await Promise.all([created, ...recorded, set]);
  }
  return acknowledged;
}

/** Sessions with an activity each that is saved, so that a backup has something to copy. */
async function fill(daemon: TestDaemon, count: number): Promise<string[]> {
  const peer = await daemon.peer();
  const ids = Array.from({ length: count }, (_, index) => `old-${index}`);
  for (let at = 0; at < count; at += 50) {
    await Promise.all(
      ids.slice(at, at + 50).map(async (sessionId) => {
        await peer.call("session/create", { sessionId });
        await peer.call("session/record", { sessionId, action: "once" });
        await peer.call("session/end", { sessionId });
      }),
    );
  }
  const contentDir = join(daemon.dataDir, "content");
  await until("the activities to be saved", async () => (await readdir(contentDir)).length === count);
  return ids;
}

/** Restores a backup for a daemon of its own. */
async function restored(backup: string): Promise<TestDaemon> {
  const daemon = await TestDaemon.prepare({ config: CONFIG });
  await mkdir(daemon.dataDir, { mode: 0o700 });
  await restoreBackup(await readBackup(backup), { dataDir: daemon.dataDir, ...NOW });
  return daemon;
}

describe("a backup of a daemon at work", () => {
  it(
    "S0.14 is what the events say up to its seq, whatever is written and deleted meanwhile",
    { timeout: 60_000 },
    async () => {
      const daemon = await daemonForTest({ config: CONFIG });
      const old = await fill(daemon, 200);
      const peer = await daemon.peer();
      let isOver = false;
      const writing = await Promise.all(
        ["w1", "w2"].map(async (name) => ({ done: write(await daemon.peer(), name, () => isOver) })),
      );
      await until("the writers to be under way", async () => (await peer.call("session/list")).total > 205);
      const path = join(daemon.folder, "backup");
      const [result] = await Promise.all([
        peer.call("daemon/backup", { path }),
        ...old.slice(0, 100).map((sessionId) => peer.call("session/delete", { sessionId })),
      ]);
      const deletedBy = (await peer.call("daemon/status")).journal.seq;
      isOver = true;
      const acknowledged = (await Promise.all(writing.map(({ done }) => done))).flat();
      expect(deletedBy).toBeGreaterThan(result.seq);
      // What had to wait is removed when the backup is done.
      const contentDir = join(daemon.dataDir, "content");
      await until("the content of deleted sessions to go", async () => {
        const names = await readdir(contentDir);
        return old
          .slice(0, 100)
          .every((sessionId) => !names.some((name) => name.startsWith(`${sessionId}~`)));
      });

      const client = await daemon.client();
      const events: EventShape[] = [];
      for await (const item of client.events({ sinceSeq: 0 })) {
        if (item.type === "gap") throw new Error("events are missing");
        if (item.seq > result.seq) break;
        events.push(item);
      }
      expect(events.at(-1)?.seq).toBe(result.seq);

      const copy = await restored(path);
      try {
        await copy.start();
        const other = await copy.peer();
        expect((await other.call("daemon/status")).journal).toMatchObject({
          seq: result.seq,
          oldestSeq: result.seq + 1,
        });
        expect(await ask(other)).toEqual(tell(events));
        // A keyed call that is in it is done already; one that came after is new.
        const before = acknowledged.filter(({ seq }) => seq <= result.seq);
        const after = acknowledged.filter(({ seq }) => seq > result.seq);
        expect(Math.min(before.length, after.length)).toBeGreaterThan(0);
        expect((await other.call("daemon/status")).idempotencyKeys).toBe(before.length);
        for (const { params, seq } of before)
          expect(await other.call("session/record", params)).toEqual({ seq });
        expect((await other.call("daemon/status")).journal.seq).toBe(result.seq);
        // The files for people come back by themselves.
        await until("the registry", async () => {
          const text = await readFile(join(copy.dataDir, "sessions", "registry.json"), "utf8").catch(
            () => "{}",
          );
          return (
            Object.keys((JSON.parse(text) as { sessions?: object }).sessions ?? {}).length ===
            tell(events).size
          );
        });
      } finally {
        await copy.close();
      }
    },
  );

  it("S0.14 holds commands as they were; a daemon on the copy stops none of them", async () => {
    const daemon = await daemonForTest({ config: CONFIG });
    const peer = await daemon.peer();
    const { sessionId } = await peer.call("session/create");
    const argv = ["sh", "-c", "echo first; read line <&3 3<$0 || true; sleep 600", "/dev/null"];
    const { commandId } = await peer.call("command/start", { sessionId, argv });
    await until("its output", async () =>
      (await peer.call("command/output", { commandId })).output.includes("first"),
    );
    const done = await peer.call("command/run", { sessionId, argv: ["echo", "over"] });
    const path = join(daemon.folder, "backup");
    await peer.call("daemon/backup", { path });
    const copy = await restored(path);
    try {
      expect(await copy.start()).toMatchObject({ lostCommands: 1 });
      const other = await copy.peer();
      expect(await other.call("command/get", { commandId })).toMatchObject({ status: "lost" });
      expect((await other.call("command/output", { commandId })).output).toBe("first\n");
      expect((await other.call("command/output", { commandId: done.commandId })).output).toBe("over\n");
      expect(await peer.call("command/get", { commandId })).toMatchObject({ status: "running" });
    } finally {
      await copy.close();
    }
  });

  it("S0.14 is refused while another one is made, and broken off by a stop", async () => {
    const daemon = await daemonForTest({ config: CONFIG });
    await fill(daemon, 200);
    const peer = await daemon.peer();
    const path = join(daemon.folder, "backup");
    const first = peer.call("daemon/backup", { path });
    first.catch(() => undefined);
    const second = peer.call("daemon/backup", { path: join(daemon.folder, "second") });
    await expect(second).rejects.toMatchObject({ type: "limit_reached", details: { limit: "backups" } });
    await daemon.stop();
    await expect(first).rejects.toMatchObject({ type: "shutting_down" });
    await expect(readBackup(path)).rejects.toMatchObject({ type: "backup_incomplete" });
  });

  it("S0.14 that is killed is known as what it is, and takes nothing from the daemon", async () => {
    const daemon = await daemonForTest({ config: CONFIG });
    const old = await fill(daemon, 300);
    const peer = await daemon.peer();
    const path = join(daemon.folder, "backup");
    peer.call("daemon/backup", { path }).catch(() => undefined);
    for (const sessionId of old.slice(0, 10)) await peer.call("session/delete", { sessionId });
    await until("the first files", () =>
      readdir(join(path, "content")).then(
        (names) => names.length > 5,
        () => false,
      ),
    );
    await daemon.kill();
    await expect(readBackup(path)).rejects.toMatchObject({ type: "backup_incomplete" });
    await daemon.start();
    // What waited to be removed when the daemon was killed is removed by the next one, beside its work.
    await until("the removals", async () => {
      return (await readdir(join(daemon.dataDir, "content"))).length === 290;
    });
  });
});

describe("a restore", () => {
  it("S0.14 is refused while a daemon has the folder, and finished by a start where it was interrupted", async () => {
    const daemon = await daemonForTest({ config: CONFIG });
    const peer = await daemon.peer();
    await peer.call("session/create", { sessionId: "kept" });
    const path = join(daemon.folder, "backup");
    const { seq } = await peer.call("daemon/backup", { path });
    await peer.call("session/create", { sessionId: "later" });
    const { dataDir } = daemon;
    const lock = acquireDataLock({
      dataDir,
      lockFile: join(dataDir, "daemon.lock"),
      ownerFile: join(dataDir, "daemon.json"),
      socket: daemon.socket,
      version: "0",
      onCompromised: () => undefined,
    });
    await expect(lock).rejects.toMatchObject({ name: "DataFolderBusyError" });
    await daemon.stop();

    // As after a kill -9 in the middle of the last steps.
    await stageBackup(dataDir, await readBackup(path));
    const aside = await makeAside(dataDir, { seq, nowMs: NOW.nowMs });
    await commitStaged(dataDir, { seq, aside });
    await rename(join(dataDir, "journal"), join(aside, "journal"));
    await daemon.start();
    const { items } = await (await daemon.peer()).call("session/list");
    expect(items.map(({ sessionId }) => sessionId)).toEqual(["kept"]);
    expect((await daemon.log()).find(({ event }) => event === "restore.finished")).toMatchObject({
      seq,
      aside,
    });
    expect((await readdir(aside)).sort()).toEqual([
      "checkpoints",
      "content",
      "journal",
      "sessions",
      "snapshots",
      "uptime.json",
    ]);
    expect(await readdir(dataDir)).not.toContain("restore.ready");
    await rm(aside, { recursive: true });
  });
});
