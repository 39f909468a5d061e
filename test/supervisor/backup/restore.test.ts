import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { finishRestore, isRestoring } from "../../../src/content/backup/restoreFolder.js";
import { diskOperations } from "../../../src/disk/operations.js";
import { readBackup, restoreBackup } from "../../../src/supervisor/backup/restore.js";
import { createSession } from "../../../src/supervisor/create.js";
import { temporaryFolders } from "../../disk/temporaryFolder.js";
import { openSupervisor } from "./supervisors.js";

/** The disk as it is, whatever a test makes of it. */
const real = { ...diskOperations };
const newFolder = temporaryFolders();
const OPTIONS = { replace: false, dryRun: false, nowMs: Date.UTC(2026, 0, 2) };

let root: string;
let backupDir: string;
let dataDir: string;
/** A backup of a state with the session `kept`, and a data folder with the session `former`. */
beforeEach(async () => {
  root = await newFolder();
  backupDir = join(root, "backup");
  dataDir = join(root, "data");
  await fill(join(root, "source"), "kept", backupDir);
  await fill(dataDir, "former");
  await mkdir(join(dataDir, "log"));
  await mkdir(join(dataDir, "sessions"));
  await writeFile(join(dataDir, "sessions", "registry.json"), "{}");
  await writeFile(join(dataDir, "uptime.json"), "{}");
});
afterEach(() => {
  vi.restoreAllMocks();
  revive();
});

/** Makes a session with an activity that is saved, and a backup where one is asked for. */
async function fill(folder: string, sessionId: string, backup?: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  const supervisor = await openSupervisor(folder);
  await createSession(supervisor, { sessionId }, undefined);
  await supervisor.submit({
    type: "session/record",
    sessionId,
    action: "acted",
    details: undefined,
    usage: undefined,
  });
  await supervisor.bodies.save();
  if (backup !== undefined) await supervisor.backups.run(backup);
  await supervisor.close();
}

/** The sessions of a data folder, each with its activities, as a daemon has them after its start. */
async function stateOf(folder: string): Promise<Record<string, string[]>> {
  await finishRestore(folder);
  const supervisor = await openSupervisor(folder);
  const state: Record<string, string[]> = {};
  for (const session of supervisor.registry.committedSessions.values()) {
    const { items } = await supervisor.bodies.read(session, "activities", { order: "oldest", limit: 10 });
    state[session.sessionId] = items.map((item) => ("action" in item ? item.action : "damaged"));
  }
  await supervisor.close();
  return state;
}

const KEPT = { kept: ["acted"] };
const FORMER = { former: ["acted"] };

async function restore(options: Partial<typeof OPTIONS> = {}): Promise<string | undefined> {
  return restoreBackup(await readBackup(backupDir), { dataDir, ...OPTIONS, ...options });
}

describe("a restore", () => {
  it("goes into a folder that has no state, and keeps what is none", async () => {
    for (const name of ["journal", "snapshots", "content", "sessions"])
      await rm(join(dataDir, name), { recursive: true });
    await mkdir(join(dataDir, "content"));
    expect(await restore()).toBeUndefined();
    expect((await readdir(dataDir)).sort()).toEqual([
      "checkpoints",
      "content",
      "journal",
      "log",
      "sessions",
      "snapshots",
      "uptime.json",
    ]);
    for (const name of await readdir(dataDir, { recursive: true })) {
      if (name === "log") continue;
      const found = await stat(join(dataDir, name));
      expect(found.mode & 0o777, name).toBe(found.isDirectory() ? 0o700 : 0o600);
    }
    expect(await readFile(join(dataDir, "uptime.json"), "utf8")).toBe('{"upMs":5}\n');
    expect(await stateOf(dataDir)).toEqual(KEPT);
  });

  it("takes the place of no state unasked", async () => {
    const error = { name: "BackupError", type: "data_exists" };
    await expect(restore()).rejects.toMatchObject(error);
    await expect(restore({ dryRun: true })).rejects.toMatchObject(error);
    expect(await restore({ dryRun: true, replace: true })).toBeUndefined();
    expect(await readdir(root)).toEqual(["backup", "data", "source"]);
    expect(await stateOf(dataDir)).toEqual(FORMER);
  });

  it("moves the former state aside, where it can be started as it was", async () => {
    const aside = await restore({ replace: true });
    expect(aside).toBe(`${dataDir}.before-restore-20260102T000000000Z`);
    expect(await stateOf(dataDir)).toEqual(KEPT);
    expect(await stateOf(aside ?? "")).toEqual(FORMER);
    expect(await readdir(join(aside ?? "", "sessions"))).toEqual(["registry.json"]);
    expect(await readdir(dataDir)).toContain("log");
    // At the same moment, once more.
    const second = await restore({ replace: true });
    expect(second).toBe(`${dataDir}.before-restore-20260102T000000001Z`);
    expect(await stateOf(second ?? "")).toEqual(KEPT);
  });

  it("keeps the former state in the data folder where nothing can lie beside it", async () => {
    vi.spyOn(diskOperations, "mkdir").mockImplementation((path, options) =>
      path.startsWith(`${dataDir}.`)
        ? Promise.reject(Object.assign(new Error("EACCES"), { code: "EACCES" }))
        : real.mkdir(path, options),
    );
    const aside = await restore({ replace: true });
    expect(aside).toBe(join(dataDir, "before-restore-20260102T000000000Z"));
    expect(await stateOf(aside ?? "")).toEqual(FORMER);
  });

  it("refuses a backup on which no daemon would start, and leaves everything as it is", async () => {
    const backup = await readBackup(backupDir);
    const files = backup.files.filter(({ name }) => !name.startsWith("journal/"));
    const restored = restoreBackup({ ...backup, files }, { dataDir, ...OPTIONS, replace: true });
    await expect(restored).rejects.toMatchObject({ type: "backup_damaged" });
    await expect(
      restoreBackup({ ...backup, seq: 1 }, { dataDir, ...OPTIONS, replace: true }),
    ).rejects.toThrow("it does not hold the state of event 1");
    await writeFile(join(backupDir, "uptime.json"), '{"upMs":6}\n');
    await expect(restoreBackup(backup, { dataDir, ...OPTIONS, replace: true })).rejects.toThrow(
      "its checksum differs",
    );
    expect(await readdir(dataDir)).not.toContain("restore.partial");
    expect(await readdir(root)).toEqual(["backup", "data", "source"]);
    expect(await stateOf(dataDir)).toEqual(FORMER);
  });
});

/** From the call of that number on, counted over all kinds that change anything, the disk is gone. */
function dieAt(call: number): { readonly calls: () => number } {
  let calls = 0;
  const live = (): void => {
    calls += 1;
    if (calls >= call) throw new Error("the process is gone");
  };
  const put = <Name extends "mkdir" | "open" | "write" | "fsync" | "rename" | "unlink" | "rm">(
    name: Name,
    to: (typeof real)[Name],
  ): void => void Object.assign(diskOperations, { [name]: to });
  put("mkdir", async (...args) => (live(), real.mkdir(...args)));
  put("open", async (...args) => (live(), real.open(...args)));
  put("write", async (...args) => (live(), real.write(...args)));
  put("fsync", async (...args) => (live(), real.fsync(...args)));
  put("rename", async (...args) => (live(), real.rename(...args)));
  put("unlink", async (...args) => (live(), real.unlink(...args)));
  put("rm", async (...args) => (live(), real.rm(...args)));
  return { calls: () => calls };
}

/** The disk is as it was. */
function revive(): void {
  Object.assign(diskOperations, real);
}

describe("a restore that is killed", () => {
  it("leaves the former state or the restored one, whole, at every step", async () => {
    const backup = await readBackup(backupDir);
    const template = await newFolder();
    await cp(dataDir, template, { recursive: true });
    const whole = dieAt(Number.POSITIVE_INFINITY);
    await restoreBackup(backup, { dataDir, ...OPTIONS, replace: true });
    const total = whole.calls();
    revive();
    const seen = { former: 0, kept: 0 };
    // The first steps copy file by file, all in the same way; from where it counts on, each is looked at.
    for (let call = 1; call <= total; call += call < total - 45 ? 7 : 1) {
      for (const name of await readdir(root)) {
        if (name.startsWith("data")) await rm(join(root, name), { recursive: true });
      }
      await cp(template, dataDir, { recursive: true });
      dieAt(call);
      await expect(restoreBackup(backup, { dataDir, ...OPTIONS, replace: true })).rejects.toThrow("is gone");
      revive();
      const found = await stateOf(dataDir);
      const isKept = Object.hasOwn(found, "kept");
      expect(found, `killed at call ${call} of ${total}`).toEqual(isKept ? KEPT : FORMER);
      if (isKept) expect(await stateOf(`${dataDir}.before-restore-20260102T000000000Z`)).toEqual(FORMER);
      seen[isKept ? "kept" : "former"] += 1;
      expect((await readdir(dataDir)).filter((name) => name.startsWith("restore"))).toEqual([]);
    }
    expect(seen.former).toBeGreaterThan(5);
    expect(seen.kept).toBeGreaterThan(5);
  }, 60_000);

  it("is brought to its end by the next one, which says so", async () => {
    let renames = 0;
    vi.spyOn(diskOperations, "rename").mockImplementation((from, to) => {
      renames += from.endsWith("journal") ? 1 : 0;
      return renames > 1 ? Promise.reject(new Error("the process is gone")) : real.rename(from, to);
    });
    await expect(restore({ replace: true })).rejects.toThrow("is gone");
    vi.restoreAllMocks();
    expect(await isRestoring(dataDir)).toBe(true);
    const hint = expect.stringContaining(
      "they are those of event 2, from a restore that was interrupted",
    ) as string;
    await expect(restore()).rejects.toMatchObject({ type: "data_exists", hint });
    expect(await isRestoring(dataDir)).toBe(false);
    expect(await stateOf(dataDir)).toEqual(KEPT);
  });

  it("does not begin to guess where its note is damaged", async () => {
    await mkdir(join(dataDir, "restore.ready", "journal"), { recursive: true });
    await expect(finishRestore(dataDir)).rejects.toThrow(/restore\.json: it is missing\./);
    await writeFile(join(dataDir, "restore.ready", "restore.json"), "{");
    await expect(finishRestore(dataDir)).rejects.toMatchObject({ type: "restore_damaged" });
  });
});
