import { mkdir, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { createSession } from "../../src/supervisor/create.js";
import type { Supervisor } from "../../src/supervisor/supervisor.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";
import { until } from "../support/until.js";
import { openSupervisor } from "./backup/supervisors.js";

const newFolder = temporaryFolders();
let dataDir: string;
let contentDir: string;
let warned: string[];

beforeEach(async () => {
  dataDir = await newFolder();
  contentDir = join(dataDir, "content");
  for (const name of ["checkpoints", "content", "journal", "snapshots"])
    await mkdir(join(dataDir, name), { mode: 0o700 });
  warned = [];
});

function open(options: { readonly sessionsDir?: string } = {}): Promise<Supervisor> {
  const warn = (_: object, message: string): void => void warned.push(message);
  const log = { debug: () => {}, info: () => {}, warn, error: () => {} };
  return openSupervisor(dataDir, { ...options, log });
}

/** A session with an activity. */
async function talk(supervisor: Supervisor, sessionId: string): Promise<void> {
  await createSession(supervisor, { sessionId }, undefined);
  await supervisor.submit({ type: "session/record", sessionId, action: "said" });
}

async function remove(supervisor: Supervisor, sessionId: string): Promise<void> {
  await supervisor.submit({ type: "session/end", sessionId, status: "completed" });
  await supervisor.submit({ type: "session/delete", sessionId });
}

/** Which of the process's open files lie in the folder. */
async function openFiles(): Promise<string[]> {
  const fds = await readdir("/proc/self/fd");
  const paths = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
  return paths.filter((path) => path.startsWith(dataDir));
}

describe("a start", () => {
  it.runIf(process.platform === "linux")("that fails has nothing open any more", async () => {
    const sessionsDir = join(dataDir, "sessions");
    await writeFile(sessionsDir, "in the way");
    await expect(open({ sessionsDir })).rejects.toThrow(sessionsDir);
    expect(await openFiles()).toEqual([]);
    await rm(sessionsDir);
    const supervisor = await open({ sessionsDir });
    expect(await openFiles()).not.toEqual([]);
    await supervisor.close();
  });

  it("removes what deleted sessions left, and of no other, also of one of the same id", async () => {
    const supervisor = await open();
    for (const sessionId of ["gone", "kept"]) await talk(supervisor, sessionId);
    await supervisor.bodies.save();
    const { createdSeq } = supervisor.session("gone");
    await remove(supervisor, "gone");
    await talk(supervisor, "gone");
    await supervisor.close();
    // As after a crash between the record and the removal.
    await mkdir(join(contentDir, `gone~${createdSeq}`));
    await mkdir(join(contentDir, "unknown~1"));
    const next = await open();
    const kept = ["gone", "kept"].map((sessionId) => `${sessionId}~${next.session(sessionId).createdSeq}`);
    await until("the removal", async () => !(await readdir(contentDir)).includes(`gone~${createdSeq}`));
    expect((await readdir(contentDir)).toSorted()).toEqual([...kept, "unknown~1"].toSorted());
    expect(warned).toEqual([]);
    await next.close();
  });

  it("is not refused by what cannot be removed, nor by bodies that cannot be saved", async () => {
    const supervisor = await open();
    await talk(supervisor, "gone");
    await remove(supervisor, "gone");
    await createSession(supervisor, { sessionId: "s" }, undefined);
    const details = { text: "x".repeat(60_000) };
    const record = { type: "session/record", sessionId: "s", action: "said", details } as const;
    await Promise.all(Array.from({ length: 150 }, () => supervisor.submit(record)));
    // What is under way would make the folder anew.
    await supervisor.bodies.save();
    await rm(contentDir, { recursive: true });
    await writeFile(contentDir, "in the way");
    await supervisor.close();
    // As after a crash, which takes no snapshot.
    await rm(join(dataDir, "snapshots"), { recursive: true });
    warned = [];
    const next = await open();
    await until("the warnings", () => warned.length === 2);
    expect(warned.toSorted()).toEqual([
      "Bodies cannot be saved; they stay in the journal and in memory",
      "The folder of what sessions keep could not be looked at",
    ]);
    await rm(contentDir);
    await mkdir(contentDir, { mode: 0o700 });
    const page = await next.bodies.read(next.session("s"), "activities", { order: "oldest", limit: 1 });
    expect(page.items).toMatchObject([{ action: "said" }]);
    await next.close();
  });
});

describe("a snapshot", () => {
  it("has the bodies that cannot be saved, and the journal goes on from it", async () => {
    const supervisor = await open();
    await talk(supervisor, "s");
    const folder = join(contentDir, `s~${supervisor.session("s").createdSeq}`);
    await writeFile(folder, "in the way");
    await supervisor.snapshot();
    expect(warned).toEqual(["Bodies could not be saved; the snapshot has them"]);
    expect(supervisor.journal.health.snapshotSeq).toBe(2);
    await rm(folder);
    await supervisor.close();
    const next = await open();
    expect(
      (await next.bodies.read(next.session("s"), "activities", { order: "oldest", limit: 5 })).items,
    ).toHaveLength(1);
    await next.close();
  });

  it("is not taken where a backup began while bodies were saved", async () => {
    const supervisor = await open();
    await talk(supervisor, "s");
    const save = vi.spyOn(supervisor.bodies, "save");
    const savedBytes = vi.spyOn(supervisor.bodies, "savedBytes");
    let goOn = (): void => {};
    const path = join(await newFolder(), "backup");
    let backup: Promise<unknown> | undefined;
    save.mockImplementationOnce(async () => {
      // The backup has come to the session's file, and waits there.
      await new Promise<void>((resolve) => {
        savedBytes.mockImplementationOnce(() => {
          resolve();
          return new Promise((answer) => (goOn = () => answer(0)));
        });
        backup = supervisor.backups.run(path);
      });
    });
    await supervisor.snapshot();
    expect(supervisor.journal.health.snapshotSeq).toBe(0);
    goOn();
    await backup;
    await until("the end of the hold", async () => {
      await supervisor.snapshot();
      return supervisor.journal.health.snapshotSeq === 2;
    });
    await supervisor.close();
  });
});
