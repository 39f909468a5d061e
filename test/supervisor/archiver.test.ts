import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { bodyPath, folderName } from "../../src/content/places.js";
import { diskOperations } from "../../src/disk/operations.js";
import type { Supervisor } from "../../src/supervisor/supervisor.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";
import { all, COMPRESSED, files, fill, PLAIN, shelve, WHOLE } from "./archived.js";
import { openSupervisor } from "./backup/supervisors.js";

/** The disk as it is, whatever a test makes of it. */
const real = { ...diskOperations };
const newFolder = temporaryFolders();
const opened: Supervisor[] = [];
let root: string;
let dataDir: string;
let said: { readonly fields: object; readonly message: string }[];
beforeEach(async () => {
  root = await newFolder();
  dataDir = join(root, "data");
  await mkdir(dataDir, { mode: 0o700 });
  said = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const supervisor of opened.splice(0)) await supervisor.close();
});

const nothing = (): void => undefined;
const warn = (fields: object, message: string): void => void said.push({ fields, message });

async function open(folder = dataDir): Promise<Supervisor> {
  const supervisor = await openSupervisor(folder, {
    log: { debug: nothing, info: nothing, warn, error: warn },
  });
  opened.push(supervisor);
  return supervisor;
}

describe("an archived session", () => {
  it("S0.10 is compressed, saved before, and can be read as it was", async () => {
    const supervisor = await open();
    const session = await fill(supervisor, dataDir);
    await shelve(supervisor, "session/archive");
    await supervisor.archiver.settled();
    expect(await files(session, dataDir)).toEqual(COMPRESSED);
    expect(await all(supervisor)).toEqual(WHOLE);
    expect(await readdir(join(dataDir, "temp", "expanded"))).toHaveLength(3);
    expect(await files(session, dataDir)).toEqual(COMPRESSED);
    expect(said).toEqual([]);
  });

  it("S0.10 is as it was before when it leaves the archive, and takes what comes then", async () => {
    const supervisor = await open();
    const session = await fill(supervisor, dataDir);
    await supervisor.bodies.save();
    const path = bodyPath(join(dataDir, "content"), session, "activities");
    const before = await readFile(path);
    await shelve(supervisor, "session/archive");
    await supervisor.archiver.settled();
    await shelve(supervisor, "session/unarchive");
    await supervisor.archiver.settled();
    expect(await files(session, dataDir)).toEqual(PLAIN);
    expect(await readFile(path)).toEqual(before);
    expect(await all(supervisor)).toEqual(WHOLE);
    // There and back, and there again, faster than anybody follows.
    for (const type of ["session/archive", "session/unarchive", "session/archive"] as const)
      await shelve(supervisor, type);
    await supervisor.archiver.settled();
    expect(await files(session, dataDir)).toEqual(COMPRESSED);
    expect(await all(supervisor)).toEqual(WHOLE);
  });

  it("is compressed by a later start where the earlier daemon did not come to it", async () => {
    const supervisor = await open();
    const session = await fill(supervisor, dataDir);
    await supervisor.archiver.close();
    await shelve(supervisor, "session/archive");
    await supervisor.close();
    opened.splice(0);
    expect(await files(session, dataDir)).toEqual(PLAIN);
    const pending = join(dataDir, "content", folderName(session), "activities.jsonl.gz.0123456789ab.tmp");
    await writeFile(pending, "half");
    const next = await open();
    await next.archiver.settled();
    expect(await files(session, dataDir)).toEqual(COMPRESSED);
    expect(await all(next)).toEqual(WHOLE);
  });

  it("is brought back by the next start where a crash came between, and no snapshot passes over that", async () => {
    const supervisor = await open();
    const session = await fill(supervisor, dataDir);
    await shelve(supervisor, "session/archive");
    await supervisor.archiver.settled();
    await supervisor.archiver.close();
    await shelve(supervisor, "session/unarchive");
    expect([supervisor.archiver.isBringingBack, supervisor.needsSnapshot]).toEqual([true, false]);
    await supervisor.snapshot();
    expect(await files(session, dataDir)).toEqual(COMPRESSED);
    await supervisor.close();
    opened.splice(0);
    const next = await open();
    expect([next.archiver.isBringingBack, next.needsSnapshot]).toEqual([true, false]);
    await next.archiver.settled();
    expect(next.archiver.isBringingBack).toBe(false);
    expect(await files(session, dataDir)).toEqual(PLAIN);
    expect(await all(next)).toEqual(WHOLE);
    expect(said).toEqual([]);
  });

  it("is brought back when it is read and is compressed for no reason, as out of a backup; its copies go", async () => {
    const supervisor = await open();
    const session = await fill(supervisor, dataDir);
    await supervisor.close();
    opened.splice(0);
    const own = join(dataDir, "content", folderName(session));
    for (const name of PLAIN) {
      await writeFile(join(own, `${name}.gz`), gzipSync(await readFile(join(own, name))));
      await rm(join(own, name));
    }
    const next = await open();
    await next.archiver.settled();
    expect(await files(session, dataDir)).toEqual(COMPRESSED);
    expect(await all(next)).toEqual(WHOLE);
    await next.archiver.settled();
    expect(await files(session, dataDir)).toEqual(PLAIN);
    expect(await all(next)).toEqual(WHOLE);
    expect(await readdir(join(dataDir, "temp", "expanded"))).toEqual([]);
  });

  it("leaves no copy of what was read when it is deleted", async () => {
    const supervisor = await open();
    await fill(supervisor, dataDir);
    await shelve(supervisor, "session/archive");
    await supervisor.archiver.settled();
    expect(await all(supervisor)).toEqual(WHOLE);
    const copies = (): Promise<string[]> => readdir(join(dataDir, "temp", "expanded"));
    expect(await copies()).toHaveLength(3);
    await shelve(supervisor, "session/delete");
    await vi.waitFor(async () => expect(await copies()).toEqual([]));
  });

  it("is left as it is where that fails, and tried again", async () => {
    const supervisor = await open();
    const session = await fill(supervisor, dataDir);
    await supervisor.bodies.save();
    vi.spyOn(diskOperations, "write").mockRejectedValue(Object.assign(new Error("full"), { code: "ENOSPC" }));
    await shelve(supervisor, "session/archive");
    await supervisor.archiver.settled();
    expect(await files(session, dataDir)).toEqual(PLAIN);
    expect(said).toMatchObject([
      {
        fields: { event: "archive.failed", sessionId: "s" },
        message: "What a session keeps could not be compressed; it can be read as it is",
      },
    ]);
    expect(await all(supervisor)).toEqual(WHOLE);
    vi.restoreAllMocks();
    supervisor.archiver.retry();
    await supervisor.archiver.settled();
    expect(await files(session, dataDir)).toEqual(COMPRESSED);
  });

  it("keeps a damaged file where it is, and says so", async () => {
    const supervisor = await open();
    const session = await fill(supervisor, dataDir);
    await shelve(supervisor, "session/archive");
    await supervisor.archiver.settled();
    const path = `${bodyPath(join(dataDir, "content"), session, "activities")}.gz`;
    await writeFile(path, "no gzip");
    await expect(all(supervisor)).rejects.toMatchObject({
      refusal: {
        type: "content_damaged",
        message: expect.stringContaining("activities.jsonl.gz is damaged") as string,
      },
    });
    await shelve(supervisor, "session/unarchive");
    await supervisor.archiver.settled();
    expect(said).toMatchObject([{ message: expect.stringContaining("could not be decompressed") as string }]);
    expect(await readFile(path, "utf8")).toBe("no gzip");
  });

  it("is in a backup in the form that it has, also when it goes from one to the other meanwhile", async () => {
    const supervisor = await open();
    const session = await fill(supervisor, dataDir);
    await fill(supervisor, dataDir, "t");
    await shelve(supervisor, "session/archive", "t");
    await supervisor.archiver.settled();
    let isFirst = true;
    vi.spyOn(diskOperations, "mkdir").mockImplementation(async (path, options) => {
      if (isFirst && path.includes("backup")) {
        isFirst = false;
        await shelve(supervisor, "session/archive");
        await shelve(supervisor, "session/unarchive", "t");
      }
      return real.mkdir(path, options);
    });
    await supervisor.backups.run(join(root, "backup"));
    await supervisor.archiver.settled();
    expect(await files(session, dataDir)).toEqual(COMPRESSED);
    expect(await files(supervisor.session("t"), dataDir)).toEqual(PLAIN);
    const restored = await open(join(root, "backup"));
    for (const sessionId of ["s", "t"])
      expect((await all(restored, sessionId)).slice(0, 3)).toEqual(WHOLE.slice(0, 3));
  });

  it("waits with the removal while a backup is made", async () => {
    const supervisor = await open();
    const session = await fill(supervisor, dataDir);
    await supervisor.bodies.save();
    let during: string[] = [];
    vi.spyOn(diskOperations, "open").mockImplementation(async (path, ...rest) => {
      if (during.length === 0 && path.endsWith("s~1/activities.jsonl") && path.startsWith(dataDir)) {
        during = ["begun"];
        await shelve(supervisor, "session/archive");
        await vi.waitFor(async () => expect(await files(session, dataDir)).toContain("activities.jsonl.gz"));
        during = await files(session, dataDir);
      }
      return real.open(path, ...rest);
    });
    await supervisor.backups.run(join(root, "backup"));
    await supervisor.archiver.settled();
    expect(during).toEqual([
      "activities.jsonl",
      "activities.jsonl.gz",
      "conversation.jsonl",
      "output/c.stdout.log",
    ]);
    expect(await files(session, dataDir)).toEqual(COMPRESSED);
    const restored = await open(join(root, "backup"));
    expect((await all(restored)).slice(0, 3)).toEqual(WHOLE.slice(0, 3));
  });

  it("goes as a whole when it is deleted in the midst of it, and nothing comes back", async () => {
    const supervisor = await open();
    await fill(supervisor, dataDir);
    await shelve(supervisor, "session/archive");
    await shelve(supervisor, "session/delete");
    await supervisor.archiver.settled();
    await vi.waitFor(async () => expect(await readdir(join(dataDir, "content"))).toEqual([]));
    // An id may be used again at once.
    await fill(supervisor, dataDir);
    await shelve(supervisor, "session/archive");
    await supervisor.archiver.settled();
    expect(await all(supervisor)).toEqual(WHOLE);
    expect(said).toEqual([]);
  });

  it("B.7 touches nothing that a link in its folder leads to", async () => {
    const supervisor = await open();
    const session = await fill(supervisor, dataDir);
    await supervisor.bodies.save();
    const own = join(dataDir, "content", folderName(session));
    await mkdir(join(root, "outside"));
    await writeFile(join(root, "outside", "kept.jsonl"), "kept");
    await symlink(join(root, "outside", "kept.jsonl"), join(own, "planted.jsonl"));
    await symlink(join(root, "outside"), join(own, "invocations"));
    await shelve(supervisor, "session/archive");
    await supervisor.archiver.settled();
    await shelve(supervisor, "session/delete");
    await vi.waitFor(async () => expect(await readdir(join(dataDir, "content"))).toEqual([]));
    expect(await readdir(join(root, "outside"))).toEqual(["kept.jsonl"]);
    expect(await readFile(join(root, "outside", "kept.jsonl"), "utf8")).toBe("kept");
  });
});
