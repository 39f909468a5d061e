import { lstat, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import { passing, until } from "../support/until.js";

const QUICK = { sessions: { autoSaveIntervalMs: 100 } };

type Json = Record<string, unknown>;

const sessionsDir = (daemon: TestDaemon): string => join(daemon.dataDir, "sessions");
const fileOf = (daemon: TestDaemon, id: string): string => join(sessionsDir(daemon), `session_${id}.json`);
const archiveOf = (daemon: TestDaemon, id: string): string =>
  join(sessionsDir(daemon), "archive", `session_${id}.json.gz`);

async function readJson(path: string): Promise<Json | undefined> {
  try {
    const bytes = await readFile(path);
    return JSON.parse((path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString()) as Json;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** What the registry says, by id. */
async function registry(daemon: TestDaemon): Promise<Record<string, Json>> {
  const file = await readJson(join(sessionsDir(daemon), "registry.json"));
  return (file?.["sessions"] ?? {}) as Record<string, Json>;
}

async function logged(daemon: TestDaemon, event: string): Promise<Json[]> {
  return (await daemon.log()).filter((line) => line["event"] === event);
}

describe("the files for people", () => {
  it("S0.11 S1.5 are in the documented shape, and follow what is durable by one auto-save", async () => {
    const daemon = await daemonForTest({ config: QUICK });
    const peer = await daemon.peer();
    const metadata = { user: "alice@example.com", branch: "main" };
    await peer.call("session/create", {
      sessionId: "abc123",
      metadata,
      name: "n",
      environment: { API_TOKEN: "x" },
    });
    await peer.call("session/record", {
      sessionId: "abc123",
      action: "user_input",
      details: { message: "Hello" },
    });
    const shown = await peer.call("session/get", { sessionId: "abc123" });
    const file = await until("the file", async () => {
      const found = await readJson(fileOf(daemon, "abc123"));
      return found?.["activity_count"] === 1 ? found : undefined;
    });
    expect(file).toMatchObject({
      session_id: "abc123",
      created_at: shown.createdAt,
      last_activity: shown.lastActivityAt,
      status: "active",
      timeout_seconds: 3_600,
      metadata,
      activity_log: [
        { action: "user_input", timestamp: shown.lastActivityAt, details: { message: "Hello" } },
      ],
      name: "n",
      environment: { API_TOKEN: "[redacted]" },
    });
    await until("the registry", async () => (await registry(daemon))["abc123"] !== undefined);
    expect(await registry(daemon)).toEqual({
      abc123: { created_at: shown.createdAt, status: "active", timeout_seconds: 3_600 },
    });
    await peer.call("session/pause", { sessionId: "abc123" });
    await until("the pause", async () => (await readJson(fileOf(daemon, "abc123")))?.["status"] === "paused");
    await until("its entry", async () => (await registry(daemon))["abc123"]?.["status"] === "paused");
    await peer.call("session/end", { sessionId: "abc123", status: "failed", reason: "r" });
    const ended = await until("the end", async () => {
      const found = await readJson(fileOf(daemon, "abc123"));
      return found?.["status"] === "ended" ? found : undefined;
    });
    expect(ended).toMatchObject({ end_status: "failed", end_reason: "r" });
  });

  it("S1.5 go to the archive when the session does, and go away with it", async () => {
    const daemon = await daemonForTest({ config: QUICK });
    const peer = await daemon.peer();
    await peer.call("session/create", { sessionId: "old" });
    await until("the file", () => readJson(fileOf(daemon, "old")));
    await peer.call("session/end", { sessionId: "old" });
    await peer.call("session/archive", { sessionId: "old" });
    const archived = await until("the archive", () => readJson(archiveOf(daemon, "old")));
    expect(archived).toMatchObject({ session_id: "old", status: "archived", end_status: "completed" });
    await until("the move", async () => (await readJson(fileOf(daemon, "old"))) === undefined);
    await until("its entry", async () => (await registry(daemon))["old"]?.["status"] === "archived");
    await peer.call("session/delete", { sessionId: "old" });
    await until("the removal", async () => (await readJson(archiveOf(daemon, "old"))) === undefined);
    await until("the entry to go", async () => (await registry(daemon))["old"] === undefined);
    // The id is used again: it is another session, and its file says so.
    const { createdSeq } = await peer.call("session/create", { sessionId: "old" });
    const again = await until("the new file", () => readJson(fileOf(daemon, "old")));
    expect(again).toMatchObject({ created_seq: createdSeq, status: "active", activity_log: [] });
  });

  it("S1.5 are whole after a stop, for any id, and show the last 100 activities", async () => {
    const daemon = await daemonForTest({ config: { sessions: { autoSaveIntervalMs: 60_000 } } });
    const peer = await daemon.peer();
    for (const sessionId of ["archive", "Task", "task", "registry", "a.json"])
      await peer.call("session/create", { sessionId });
    for (let index = 0; index < 105; index += 1) {
      await peer.call("session/record", { sessionId: "task", action: `a${index}` });
    }
    expect(await readJson(fileOf(daemon, "task"))).toBeUndefined();
    await daemon.stop();
    for (const sessionId of ["archive", "Task", "task", "registry", "a.json"]) {
      expect(await readJson(fileOf(daemon, sessionId))).toMatchObject({ session_id: sessionId });
    }
    const task = await readJson(fileOf(daemon, "task"));
    const log = task?.["activity_log"] as { action: string }[];
    expect([task?.["activity_count"], log.length, log[0]?.action, log[99]?.action]).toEqual([
      105,
      100,
      "a5",
      "a104",
    ]);
    expect(Object.keys(await registry(daemon)).toSorted()).toEqual([
      "Task",
      "a.json",
      "archive",
      "registry",
      "task",
    ]);
    await daemon.start();
  });

  it("S1.5 are valid JSON whenever the daemon is killed, and the next start makes them right", async () => {
    const daemon = await daemonForTest({ config: QUICK });
    for (let round = 0; round < 4; round += 1) {
      const peer = await daemon.peer();
      for (let index = 0; index < 40; index += 1) {
        const sessionId = `s${index}`;
        if (round === 0)
          await peer.call("session/create", { sessionId, metadata: { filler: "x".repeat(20_000) } });
        else await peer.call("metadata/set", { sessionId, key: "round", value: round });
      }
      // Somewhere in the auto-save, or before it.
      await passing(round * 350);
      await daemon.kill();
      for (const name of await readdir(sessionsDir(daemon))) {
        if (name.endsWith(".json"))
          expect(await readJson(join(sessionsDir(daemon), name))).toBeTypeOf("object");
      }
      await daemon.start();
    }
    await until("all to be right", async () => {
      const files = await Promise.all(
        Array.from({ length: 40 }, (_, index) => readJson(fileOf(daemon, `s${index}`))),
      );
      return files.every((file) => (file?.["metadata"] as Json | undefined)?.["round"] === 3);
    });
    expect((await readdir(sessionsDir(daemon))).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(await logged(daemon, "files.damaged")).toEqual([]);
  });
});

describe("damage to the files for people", () => {
  it("S1.8 is noticed at the start, set aside, told of, and made good from the journal", async () => {
    const daemon = await daemonForTest({ config: QUICK });
    const peer = await daemon.peer();
    for (const sessionId of ["torn", "other", "empty", "link", "folder", "well", "gone", "kept"]) {
      await peer.call("session/create", { sessionId, metadata: { mine: sessionId } });
    }
    await peer.call("session/end", { sessionId: "kept" });
    await peer.call("session/archive", { sessionId: "kept" });
    await peer.call("session/end", { sessionId: "gone" });
    await daemon.stop();
    const well = await readFile(fileOf(daemon, "well"), "utf8");
    const gone = await readFile(fileOf(daemon, "gone"));
    await daemon.start();
    await (await daemon.peer()).call("session/delete", { sessionId: "gone" });
    await daemon.stop();
    await writeFile(fileOf(daemon, "torn"), '{\n  "session_id": "to');
    await writeFile(fileOf(daemon, "other"), well);
    await writeFile(fileOf(daemon, "empty"), "");
    await rename(fileOf(daemon, "link"), join(daemon.folder, "elsewhere"));
    await symlink(join(daemon.folder, "elsewhere"), fileOf(daemon, "link"));
    await rm(fileOf(daemon, "folder"));
    await mkdir(fileOf(daemon, "folder"));
    await writeFile(archiveOf(daemon, "kept"), "no gzip");
    await writeFile(join(sessionsDir(daemon), "registry.json"), "[]");
    await writeFile(fileOf(daemon, "gone"), gone);
    await writeFile(fileOf(daemon, "foreign"), '{"session_id":"foreign"}');
    await daemon.start();
    const reports = await until("the reports", async () => {
      const lines = await logged(daemon, "files.damaged");
      return lines.length >= 7 && lines;
    });
    const reasons = Object.fromEntries(
      reports.map(({ sessionId, reason }) => [sessionId ?? "registry", reason]),
    );
    expect(reasons).toEqual({
      torn: "line 2: it is not JSON",
      other: 'its session_id is "well", and its name says "other"',
      empty: "it is empty",
      link: "it is a symbolic link",
      folder: "it is not a file",
      kept: expect.stringMatching(/^it cannot be decompressed: /),
      registry: 'it has no object "sessions"',
    });
    for (const sessionId of ["torn", "other", "empty", "link", "folder", "well"]) {
      await until(sessionId, async () => {
        const file = await readJson(fileOf(daemon, sessionId)).catch(() => undefined);
        return (file?.["metadata"] as Json | undefined)?.["mine"] === sessionId;
      });
    }
    await until("the archive", () => readJson(archiveOf(daemon, "kept")).catch(() => undefined));
    await until("the registry", async () => (await registry(daemon))["torn"] !== undefined);
    // What was set aside is there still, and so is what is not ours; a deleted session leaves nothing.
    for (const { setAside } of reports)
      expect(String(setAside)).toMatch(/\.damaged-\d{4}-\d\d-\d\dT[\d-]+\.\d{3}Z$/);
    const names = await readdir(sessionsDir(daemon));
    expect(names.filter((name) => name.includes(".damaged-"))).toHaveLength(6);
    expect(await readJson(join(daemon.folder, "elsewhere"))).toMatchObject({ session_id: "link" });
    expect(names).toContain("session_foreign.json");
    await until("the leftover to go", async () => (await readJson(fileOf(daemon, "gone"))) === undefined);
    expect(await logged(daemon, "files.stray")).toMatchObject([{ file: fileOf(daemon, "foreign") }]);
  });

  it("S1.8 is noticed when a file is about to be written anew", async () => {
    const daemon = await daemonForTest({ config: QUICK });
    const peer = await daemon.peer();
    await peer.call("session/create", { sessionId: "s" });
    await until("the file", () => readJson(fileOf(daemon, "s")));
    await until("the registry", async () => (await registry(daemon))["s"] !== undefined);
    await writeFile(fileOf(daemon, "s"), "garbage");
    await writeFile(join(sessionsDir(daemon), "registry.json"), "garbage");
    await peer.call("session/pause", { sessionId: "s" });
    await until("both reports", async () => (await logged(daemon, "files.damaged")).length === 2);
    await until("the file", async () => {
      const file = await readJson(fileOf(daemon, "s")).catch(() => undefined);
      return file?.["status"] === "paused";
    });
    const names = await readdir(sessionsDir(daemon));
    const aside = names.filter((name) => name.includes(".damaged-"));
    expect(aside).toHaveLength(2);
    for (const name of aside) expect(await readFile(join(sessionsDir(daemon), name), "utf8")).toBe("garbage");
  });

  it("S1.5 S1.8 a folder that takes no files disturbs no session, is logged once, and is made up for", async () => {
    const daemon = await daemonForTest({ config: QUICK });
    const peer = await daemon.peer();
    await peer.call("session/create", { sessionId: "s" });
    await until("the file", () => readJson(fileOf(daemon, "s")));
    await rename(sessionsDir(daemon), `${sessionsDir(daemon)}-away`);
    for (let value = 0; value < 25; value += 1) {
      await peer.call("metadata/set", { sessionId: "s", key: "k", value });
      await passing(100);
    }
    expect(await logged(daemon, "files.unsaved")).toHaveLength(1);
    await rename(`${sessionsDir(daemon)}-away`, sessionsDir(daemon));
    await until("the file", async () => {
      return ((await readJson(fileOf(daemon, "s")))?.["metadata"] as Json | undefined)?.["k"] === 24;
    });
    await until("the word", async () => (await logged(daemon, "files.saved")).length === 1);
  });
});

describe("the folder for what need not last", () => {
  it("S0.11 is emptied at the start, and nothing is that a link in it points to", async () => {
    const daemon = await daemonForTest();
    const temp = join(daemon.dataDir, "temp");
    expect(await readdir(temp)).toEqual([]);
    await daemon.stop();
    const outside = join(daemon.folder, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "precious"), "x");
    await symlink(outside, join(temp, "link"));
    await mkdir(join(temp, "folder"));
    await symlink(outside, join(temp, "folder", "deep"));
    await writeFile(join(temp, "file"), "x");
    await daemon.start();
    expect(await readdir(temp)).toEqual([]);
    expect(await readdir(outside)).toEqual(["precious"]);
    const folders = ["content", "journal", "sessions", "snapshots", "temp"];
    expect(await readdir(daemon.dataDir)).toEqual(expect.arrayContaining(folders));
    for (const name of folders) expect((await lstat(join(daemon.dataDir, name))).mode & 0o777).toBe(0o700);
  });
});
