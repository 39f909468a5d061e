import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

import { acquireDataLock, readBackup, restoreBackup } from "../../src/daemon.js";
import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { whenSnapshotted } from "../support/snapshot.js";
import { until } from "../support/until.js";

const CONFIG = { journal: { minimumSnapshotBytes: 1_024 } };

/** The names of all checkpoints on disk. */
async function names(daemon: TestDaemon): Promise<string[]> {
  const found = await readdir(join(daemon.dataDir, "checkpoints"), { recursive: true });
  return found.filter((name) => name.endsWith(".json")).sort();
}

/** A session with a checkpoint of purpose "then", and another purpose now. */
async function prepare(peer: Peer, sessionId: string): Promise<string> {
  await peer.call("session/create", { sessionId, purpose: "then" });
  const { checkpointId } = await peer.call("checkpoint/create", { sessionId, label: "l" });
  await peer.call("session/update", { sessionId, purpose: "now" });
  return checkpointId;
}

async function saved(daemon: TestDaemon, count: number): Promise<string[]> {
  return until("the files", async () => {
    const found = await names(daemon);
    return found.length === count && found;
  });
}

describe("the files of checkpoints", () => {
  it("S0.3 are one each, the user's alone, in a folder of their session", async () => {
    const daemon = await daemonForTest({ inProcess: true });
    const peer = await daemon.peer();
    // Ids that a file system may take for one, or for something else.
    const ids = ["Task", "task", "archive", "con", "a..b"];
    const expected: string[] = [];
    for (const sessionId of ids) {
      const checkpointId = await prepare(peer, sessionId);
      const { createdSeq } = await peer.call("session/get", { sessionId });
      expected.push(`session_${sessionId}~${createdSeq}/${checkpointId}.json`);
    }
    expect(await saved(daemon, ids.length)).toEqual(expected.sort());
    const path = join(daemon.dataDir, "checkpoints", expected[0] ?? "");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({
      format: "sessiond-checkpoint",
      version: 1,
      value: { purpose: "then" },
    });
    await peer.call("session/end", { sessionId: "Task" });
    await peer.call("session/delete", { sessionId: "Task" });
    await saved(daemon, ids.length - 1);
    // The id is free for another session, and no checkpoint comes with it.
    await peer.call("session/create", { sessionId: "Task" });
    expect(await peer.call("checkpoint/list", { sessionId: "Task" })).toEqual({ items: [], total: 0 });
    expect(await peer.call("checkpoint/restore", { sessionId: "task" })).toMatchObject({ purpose: "then" });
  });

  it("are never named by a caller", async () => {
    const daemon = await daemonForTest({ inProcess: true });
    const peer = await daemon.peer();
    await prepare(peer, "s");
    for (const checkpointId of ["../../journal/x", "..", "", "a/b", "a\0", "x".repeat(129)]) {
      for (const method of ["checkpoint/restore", "checkpoint/delete"] as const)
        await expect(peer.call(method, { sessionId: "s", checkpointId })).rejects.toMatchObject({
          type: "invalid_params",
        });
    }
    await expect(
      peer.call("checkpoint/restore", { sessionId: "s", checkpointId: "__proto__x".slice(2) }),
    ).rejects.toMatchObject({ type: "checkpoint_not_found" });
  });

  it("S0.3 outlive a restart, a kill -9, and the journal that they were in", async () => {
    const daemon = await daemonForTest({ config: CONFIG });
    let peer = await daemon.peer();
    const checkpointId = await prepare(peer, "s");
    // Killed before the file is there, or as if.
    await daemon.kill();
    await rm(join(daemon.dataDir, "checkpoints"), { recursive: true });
    await daemon.start();
    peer = await daemon.peer();
    expect(await peer.call("checkpoint/restore", { sessionId: "s" })).toMatchObject({
      purpose: "then",
      restored: checkpointId,
    });
    await saved(daemon, 2);
    await whenSnapshotted(peer);
    expect(await daemon.crash()).toMatchObject({ records: 0 });
    peer = await daemon.peer();
    const { items } = await peer.call("checkpoint/list", { sessionId: "s" });
    const [undo] = items;
    expect(items.map((item) => item.checkpointId)).toEqual([undo?.checkpointId, checkpointId]);
    const undone = await peer.call("checkpoint/restore", {
      sessionId: "s",
      checkpointId: undo?.checkpointId ?? "",
    });
    expect(undone.purpose).toBe("now");
    await daemon.restart();
    peer = await daemon.peer();
    expect(await peer.call("checkpoint/restore", { sessionId: "s" })).toMatchObject({ purpose: "then" });
  }, 60_000);

  it("are removed by the next start, where a daemon was killed before it came to that", async () => {
    const daemon = await daemonForTest();
    let peer = await daemon.peer();
    const first = await prepare(peer, "s");
    await prepare(peer, "t");
    const files = await saved(daemon, 2);
    const copies = await Promise.all(
      files.map(async (name) => [name, await readFile(join(daemon.dataDir, "checkpoints", name))] as const),
    );
    await peer.call("checkpoint/delete", { sessionId: "s", checkpointId: first });
    await peer.call("session/end", { sessionId: "t" });
    await peer.call("session/delete", { sessionId: "t" });
    await daemon.kill();
    // As if it had not come to it.
    for (const [name, bytes] of copies) {
      const path = join(daemon.dataDir, "checkpoints", name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, bytes, { mode: 0o600 });
    }
    await daemon.start();
    await saved(daemon, 0);
    peer = await daemon.peer();
    expect((await peer.call("checkpoint/list", { sessionId: "s" })).total).toBe(0);
  });

  it("S0.3 that are damaged are refused by name, and nothing is changed", async () => {
    const daemon = await daemonForTest({ config: CONFIG });
    let peer = await daemon.peer();
    const checkpointId = await prepare(peer, "s");
    const { checkpointId: good } = await peer.call("checkpoint/create", { sessionId: "s" });
    await saved(daemon, 2);
    await whenSnapshotted(peer);
    await daemon.stop();
    const name = (await names(daemon)).find((each) => each.endsWith(`${checkpointId}.json`)) ?? "";
    const path = join(daemon.dataDir, "checkpoints", name);
    const whole = await readFile(path);
    await daemon.start();
    peer = await daemon.peer();
    const before = await peer.call("session/get", { sessionId: "s" });
    const ways: [string, () => Promise<void>][] = [
      [
        "its file fails its checksum",
        () => {
          const bytes = Buffer.from(whole);
          bytes[200] = (bytes[200] ?? 0) ^ 1;
          return writeFile(path, bytes);
        },
      ],
      ["its file fails its checksum", () => truncate(path, whole.length - 20)],
      ["its file is missing", () => rm(path)],
    ];
    for (const [fault, damage] of ways) {
      await writeFile(path, whole);
      await damage();
      await expect(peer.call("checkpoint/restore", { sessionId: "s", checkpointId })).rejects.toMatchObject({
        type: "content_damaged",
        message: `Checkpoint "${checkpointId}" (l) of session "s" cannot be restored: ${fault}. Nothing was changed.`,
        hint: expect.stringContaining("checkpoint/list") as string,
        details: { checkpointId },
      });
      expect(await peer.call("session/get", { sessionId: "s" })).toEqual(before);
    }
    expect(await peer.call("checkpoint/restore", { sessionId: "s" })).toMatchObject({ restored: good });
    await peer.call("checkpoint/delete", { sessionId: "s", checkpointId });
    await writeFile(path, whole);
    await expect(peer.call("checkpoint/restore", { sessionId: "s", checkpointId })).rejects.toMatchObject({
      type: "checkpoint_not_found",
    });
  }, 60_000);

  it("S0.14 are in a backup, saved or not, and restored from it", async () => {
    const daemon = await daemonForTest({ config: CONFIG });
    const peer = await daemon.peer();
    const first = await prepare(peer, "s");
    await saved(daemon, 1);
    const { checkpointId: unsaved } = await peer.call("checkpoint/create", { sessionId: "s", label: "u" });
    const path = join(daemon.folder, "backup");
    await peer.call("daemon/backup", { path });
    const copy = await daemonForTest({ config: CONFIG });
    await copy.stop();
    const lock = await acquireDataLock({
      dataDir: copy.dataDir,
      lockFile: join(copy.dataDir, "daemon.lock"),
      ownerFile: join(copy.dataDir, "daemon.json"),
      socket: copy.socket,
      version: "0",
      onCompromised: () => undefined,
      log: { warn: () => undefined },
    });
    const options = { dataDir: copy.dataDir, replace: true, dryRun: false, nowMs: Date.UTC(2026, 0, 2) };
    try {
      await restoreBackup(await readBackup(path), options);
    } finally {
      await lock.release();
    }
    await copy.start();
    const other = await copy.peer();
    for (const [checkpointId, purpose] of [
      [unsaved, "now"],
      [first, "then"],
    ] as const)
      expect(await other.call("checkpoint/restore", { sessionId: "s", checkpointId })).toMatchObject({
        purpose,
      });
  });
});
