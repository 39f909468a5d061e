import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { checkBackup, openBackup } from "../../../src/content/backup/readBackup.js";
import { bodyPath, outputPaths } from "../../../src/content/places.js";
import { diskOperations } from "../../../src/disk/operations.js";
import { backupEntries } from "../../../src/supervisor/backup/backupEntries.js";
import { contentSources } from "../../../src/supervisor/backup/contentSources.js";
import { valueOf } from "../../../src/session/checkpoint.js";
import { createSession } from "../../../src/supervisor/create.js";
import type { Supervisor } from "../../../src/supervisor/supervisor.js";
import { temporaryFolders } from "../../disk/temporaryFolder.js";
import { execution, session } from "../../session/samples.js";
import { openSupervisor } from "./supervisors.js";

/** The disk as it is, whatever a test makes of it. */
const real = { ...diskOperations };
const newFolder = temporaryFolders();
let root: string;
let path: string;
let dataDir: string;
const opened: Supervisor[] = [];
beforeEach(async () => {
  root = await newFolder();
  path = join(root, "backup");
  dataDir = join(root, "data");
  await mkdir(dataDir, { mode: 0o700 });
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const supervisor of opened.splice(0)) await supervisor.close();
});

async function open(options: Parameters<typeof openSupervisor>[1] = {}): Promise<Supervisor> {
  const supervisor = await openSupervisor(dataDir, options);
  opened.push(supervisor);
  return supervisor;
}

async function record(supervisor: Supervisor, sessionId: string, ...actions: string[]): Promise<void> {
  for (const action of actions) {
    const fields = { sessionId, action, details: undefined, usage: undefined };
    await supervisor.submit({ type: "session/record", ...fields });
  }
}

/** The actions of a session that a supervisor on a backup knows, once it was started there. */
async function actionsIn(folder: string, sessionId: string): Promise<string[]> {
  const supervisor = await openSupervisor(folder);
  opened.push(supervisor);
  const page = await supervisor.bodies.read(supervisor.session(sessionId), "activities", {
    order: "oldest",
    limit: 100,
  });
  return page.items.map((item) => ("action" in item ? item.action : "damaged"));
}

describe("a backup", () => {
  it("is of one moment: what was saved, what was not yet, and nothing that came after", async () => {
    const supervisor = await open();
    for (const sessionId of ["saved", "half", "unsaved", "none"])
      await createSession(supervisor, { sessionId }, undefined);
    await record(supervisor, "saved", "1", "2");
    await record(supervisor, "half", "1", "2");
    await supervisor.bodies.save();
    await record(supervisor, "half", "3");
    await record(supervisor, "unsaved", "1");
    const { committed } = supervisor.journal;
    // The moment is that of the claim; from there on everything goes on.
    let isLater = false;
    vi.spyOn(diskOperations, "lstat").mockImplementation(async (place) => {
      if (!isLater && place.endsWith("activities.jsonl")) {
        isLater = true;
        for (const sessionId of ["saved", "half", "unsaved"]) await record(supervisor, sessionId, "later");
        await createSession(supervisor, { sessionId: "later" }, undefined);
        await supervisor.bodies.save();
      }
      return real.lstat(place);
    });
    const result = await supervisor.backups.run(path);
    expect(isLater).toBe(true);
    expect(result).toMatchObject({ path, seq: committed, fileCount: 5 });
    const backup = await openBackup(path);
    await checkBackup(backup);
    expect(backup.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(result.sizeBytes);
    expect(await actionsIn(path, "saved")).toEqual(["1", "2"]);
    expect(await actionsIn(path, "half")).toEqual(["1", "2", "3"]);
    expect(await actionsIn(path, "unsaved")).toEqual(["1"]);
    await expect(actionsIn(path, "later")).rejects.toThrow('There is no session "later"');
    const page = await supervisor.bodies.read(supervisor.session("half"), "activities", {
      order: "oldest",
      limit: 9,
    });
    expect(page.items).toHaveLength(4);
  });

  it("is one at a time, and the next one is possible after it", async () => {
    const supervisor = await open();
    const first = supervisor.backups.run(path);
    await expect(supervisor.backups.run(join(root, "second"))).rejects.toMatchObject({
      refusal: { type: "limit_reached", details: { limit: "backups", bound: 1 } },
    });
    await first;
    expect(await supervisor.backups.run(join(root, "second"))).toMatchObject({ seq: 0, fileCount: 3 });
    await expect(supervisor.backups.run(path)).rejects.toMatchObject({ refusal: { type: "invalid_params" } });
  });

  it("can be made of a daemon in memory", async () => {
    const supervisor = await open({ isInMemory: true });
    await createSession(supervisor, { sessionId: "s" }, undefined);
    await record(supervisor, "s", "1");
    await supervisor.bodies.save();
    await record(supervisor, "s", "2");
    // What is saved and what is not: all of it is in memory.
    expect(await supervisor.backups.run(path)).toMatchObject({ seq: 3 });
    expect(await actionsIn(path, "s")).toEqual(["1", "2"]);
  });

  it("keeps what is deleted meanwhile, which goes when it is done; until then there is no snapshot", async () => {
    const supervisor = await open();
    await createSession(supervisor, { sessionId: "s" }, undefined);
    await record(supervisor, "s", "1");
    await supervisor.bodies.save();
    const file = bodyPath(join(dataDir, "content"), supervisor.session("s"), "activities");
    vi.spyOn(supervisor.journal, "needsSnapshot").mockReturnValue(true);
    expect(supervisor.needsSnapshot).toBe(true);
    // It comes to the file when the session is gone.
    let goOn = (): void => undefined;
    const gone = new Promise<void>((resolve) => (goOn = resolve));
    vi.spyOn(diskOperations, "lstat").mockImplementation(async (place) => {
      if (place === file) await gone;
      return real.lstat(place);
    });
    const backup = supervisor.backups.run(path);
    await vi.waitFor(() => expect(supervisor.needsSnapshot).toBe(false));
    await supervisor.submit({ type: "session/end", sessionId: "s", status: "completed", reason: undefined });
    await supervisor.submit({ type: "session/delete", sessionId: "s" });
    expect(supervisor.needsSnapshot).toBe(false);
    expect(await readFile(file, "utf8")).toContain('"action":"1"');
    goOn();
    await backup;
    await vi.waitFor(async () => expect(await readdir(join(dataDir, "content"))).toEqual([]));
    await vi.waitFor(() => expect(supervisor.needsSnapshot).toBe(true));
    expect(await actionsIn(path, "s")).toEqual(["1"]);
  });
});

describe("a backup that fails", () => {
  it("leaves nothing, says why, and lets go of what waited", async () => {
    const supervisor = await open();
    await createSession(supervisor, { sessionId: "s" }, undefined);
    await record(supervisor, "s", "1");
    await supervisor.bodies.save();
    let syncs = 0;
    vi.spyOn(diskOperations, "fsync").mockImplementation((fd) => {
      syncs += 1;
      return syncs === 2
        ? Promise.reject(new Error("ENOSPC: no space left on device, fsync"))
        : real.fsync(fd);
    });
    await expect(supervisor.backups.run(path)).rejects.toMatchObject({
      message: `The backup to ${path} failed: ENOSPC: no space left on device, fsync.`,
      refusal: { type: "backup_failed", hint: expect.stringContaining("nothing of it is left") as string },
    });
    expect(await readdir(path)).toEqual([]);
    vi.restoreAllMocks();
    expect(await supervisor.backups.run(path)).toMatchObject({ path });
  });

  it("says what is to be removed where that fails too", async () => {
    const supervisor = await open();
    vi.spyOn(diskOperations, "rename").mockImplementation((from, to) =>
      to.includes("snapshots") ? Promise.reject(new Error("EIO")) : real.rename(from, to),
    );
    vi.spyOn(diskOperations, "rm").mockRejectedValue(new Error("EIO"));
    await expect(supervisor.backups.run(path)).rejects.toMatchObject({
      refusal: { type: "backup_failed", hint: `remove ${path}: what is in it is not whole` },
    });
    await expect(openBackup(path)).rejects.toMatchObject({ type: "backup_incomplete" });
  });

  it("says so of a folder that cannot be made", async () => {
    const supervisor = await open();
    await expect(supervisor.backups.run("/proc/none")).rejects.toMatchObject({
      refusal: { type: "backup_failed" },
    });
  });

  it("is broken off by a stop of the daemon, and looks so", async () => {
    const supervisor = await open();
    await createSession(supervisor, { sessionId: "s" }, undefined);
    await record(supervisor, "s", "1");
    await supervisor.bodies.save();
    const running = supervisor.backups.run(path);
    running.catch(() => undefined);
    await turn();
    await supervisor.close();
    await expect(running).rejects.toMatchObject({
      refusal: { type: "shutting_down", hint: `remove ${path}: what is in it is not whole` },
    });
    await expect(openBackup(path)).rejects.toMatchObject({ type: "backup_incomplete" });
    expect(await readdir(path)).not.toContain("journal");
    opened.splice(0);
  });
});

describe("the entries of a backup", () => {
  const { signal } = new AbortController();

  it("hold commands without what proves processes to be theirs, and all else as it is", () => {
    const process = { pid: 5, startTicks: 7, bootId: "b" };
    const running = execution({ status: "running", process, token: "secret" });
    const entries = [
      { kind: "session", session: session() },
      { kind: "execution", execution: running },
      { kind: "keys", keys: [] },
    ];
    const [first, second, third] = [...backupEntries(entries, signal)] as [
      unknown,
      { readonly execution: typeof running },
      unknown,
    ];
    expect([first, third]).toEqual([entries[0], entries[2]]);
    expect(second.execution).toEqual({ ...running, process: undefined, token: second.execution.token });
    expect(second.execution.token).toMatch(/^[0-9a-f-]{36}$/);
    expect([running.token, running.process]).toEqual(["secret", process]);
  });

  it("end where the backup is broken off", () => {
    const aborted = AbortSignal.abort(new Error("stop"));
    expect(() => [...backupEntries([{}], aborted)]).toThrow("stop");
  });
});

describe("the files of a state", () => {
  it("are those of its sessions and commands, each as far as it had come", async () => {
    const supervisor = await open();
    const contentDir = join(dataDir, "content");
    const { registry, bodies, checkpoints } = supervisor;
    const checkpointsDir = join(dataDir, "checkpoints");
    const saved = { checkpointId: "k1", label: undefined, automatic: false, at: 1, seq: 3, sizeBytes: 2 };
    const entries = [saved, { ...saved, checkpointId: "k2" }];
    const owner = session({
      activities: 2,
      checkpoints: entries.map((entry) => ({ ...entry, status: "active", messages: 0 })),
    });
    checkpoints.add(owner, "k2", valueOf(owner));
    registry.restoreSession(owner);
    registry.restoreSession(session({ sessionId: "silent" }));
    registry.restoreExecution(execution({ commandId: "over", status: "succeeded" }));
    registry.restoreExecution(execution({ commandId: "runs", status: "running" }));
    registry.restoreExecution(execution({ commandId: "alien", sessionId: "gone" }));
    const { folder, stdoutPath } = outputPaths(contentDir, owner, "runs");
    await mkdir(folder, { recursive: true });
    await writeFile(stdoutPath, "so far");
    const sources = contentSources({ contentDir, checkpointsDir, registry, bodies, checkpoints, seq: 9 });
    await writeFile(stdoutPath, "so far, and further");
    registry.restoreSession(session({ sessionId: "later", activities: 1 }));
    const found: [string, number | undefined][] = [];
    for (const { name, sizeBytes } of sources) found.push([name, await sizeBytes()]);
    expect(found).toEqual([
      ["content/s~1/activities.jsonl", 0],
      ["content/s~1/output/over.stdout.log", undefined],
      ["content/s~1/output/over.stderr.log", undefined],
      ["content/s~1/output/runs.stdout.log", 6],
      ["content/s~1/output/runs.stderr.log", 0],
      ["checkpoints/session_s~1/k1.json", undefined],
    ]);
  });

  it("end where the snapshot begins, also when that is saved meanwhile", async () => {
    const supervisor = await open();
    const contentDir = join(dataDir, "content");
    await createSession(supervisor, { sessionId: "s" }, undefined);
    await record(supervisor, "s", "1", "2");
    await supervisor.bodies.save();
    const { size } = await stat(bodyPath(contentDir, supervisor.session("s"), "activities"));
    await record(supervisor, "s", "3");
    const { registry, bodies, checkpoints, journal } = supervisor;
    const checkpointsDir = join(dataDir, "checkpoints");
    const seq = journal.committed;
    const sources = contentSources({ contentDir, checkpointsDir, registry, bodies, checkpoints, seq });
    await record(supervisor, "s", "4");
    await bodies.save();
    for (const { sizeBytes } of sources) expect(await sizeBytes()).toBe(size);
  });
});
