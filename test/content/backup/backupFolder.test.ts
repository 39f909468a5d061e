import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { BackupFolder } from "../../../src/content/backup/backupFolder.js";
import { checkBackup, openBackup } from "../../../src/content/backup/readBackup.js";
import { temporaryFolders } from "../../disk/temporaryFolder.js";

const newFolder = temporaryFolders();
const MANIFEST = { seq: 3, createdAt: "2026-01-01T00:00:00.000Z" };
let root: string;
let dataDir: string;
beforeEach(async () => {
  root = await newFolder();
  dataDir = join(root, "data");
  await mkdir(join(dataDir, "content"), { recursive: true });
});

const claim = (path: string): Promise<BackupFolder> => BackupFolder.claim(path, dataDir);

describe("claiming a folder", () => {
  it("makes it, or takes an empty one", async () => {
    await claim(join(root, "new"));
    expect((await stat(join(root, "new"))).mode & 0o777).toBe(0o700);
    await claim(`${join(root, "new")}/`);
  });

  it("refuses what is not empty, not a folder, or has no place", async () => {
    await mkdir(join(root, "full"));
    await writeFile(join(root, "full", "f"), "");
    await writeFile(join(root, "file"), "");
    await symlink(join(root, "data", "content"), join(root, "link"));
    for (const name of ["full", "file", "link"]) {
      await expect(claim(join(root, name))).rejects.toThrow("there is something in it, or it is no folder");
    }
    for (const name of ["none/x", "file/x"]) {
      await expect(claim(join(root, name))).rejects.toThrow("there is no folder that it could lie in");
    }
    await expect(claim("/")).rejects.toMatchObject({ type: "folder_unusable" });
  });

  it("refuses the data folder, by whatever path it is named", async () => {
    await symlink(dataDir, join(root, "alias"));
    for (const path of [
      dataDir,
      join(dataDir, "b"),
      join(root, "alias", "b"),
      join(root, "x", "..", "data", "b"),
    ]) {
      await expect(claim(path), path).rejects.toThrow("it lies in the data folder itself");
    }
    await claim(join(root, "data-2"));
  });

  it("refuses one that others can write", async () => {
    await mkdir(join(root, "open"));
    await chmod(join(root, "open"), 0o777);
    await expect(claim(join(root, "open"))).rejects.toThrow("can be written by other users");
  });

  it("says what the system says, where it cannot be made", async () => {
    await expect(claim("/proc/none")).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("filling a folder", () => {
  it("takes copies and what is written in place; it is whole when it is finished, and not before", async () => {
    const folder = await claim(join(root, "b"));
    await writeFile(join(root, "a"), "abcdef");
    await folder.copy(join(root, "a"), "content/s~1/activities.jsonl", { maxBytes: 4 });
    await folder.copy(join(root, "none"), "content/s~1/output/c.stdout.log", {});
    const uptime = await folder.pathFor("uptime.json");
    await writeFile(uptime, "{}\n", { mode: 0o600 });
    await folder.add(uptime, {});
    await expect(openBackup(folder.path)).rejects.toMatchObject({ type: "backup_incomplete" });
    expect([folder.sizeBytes, folder.fileCount]).toEqual([7, 2]);
    await folder.finish(MANIFEST);
    const backup = await openBackup(folder.path);
    expect(backup).toMatchObject({
      ...MANIFEST,
      path: folder.path,
      files: [
        { name: "content/s~1/activities.jsonl", sizeBytes: 4 },
        { name: "uptime.json", sizeBytes: 3 },
      ],
    });
    await checkBackup(backup);
    expect(await readFile(join(folder.path, "content", "s~1", "activities.jsonl"), "utf8")).toBe("abcd");
    for (const name of await readdir(folder.path, { recursive: true })) {
      const found = await stat(join(folder.path, name));
      expect(found.mode & 0o777, name).toBe(found.isDirectory() ? 0o700 : 0o600);
    }
  });

  it("fails where the folder was taken away meanwhile", async () => {
    const folder = await claim(join(root, "b"));
    await writeFile(join(root, "a"), "abcdef");
    await folder.copy(join(root, "a"), "content/s~1/activities.jsonl", {});
    await rm(folder.path, { recursive: true });
    const again = folder.copy(join(root, "a"), "content/s~2/activities.jsonl", {});
    await expect(again).rejects.toMatchObject({ code: "ENOENT" });
    const same = folder.copy(join(root, "a"), "content/s~1/other.jsonl", {});
    await expect(same).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("is undone: what was written goes, and nothing else", async () => {
    const folder = await claim(join(root, "b"));
    await writeFile(join(root, "a"), "abcdef");
    await folder.copy(join(root, "a"), "content/s~1/activities.jsonl", {});
    await writeFile(join(folder.path, "backup.json.0123456789ab.tmp"), "");
    await writeFile(join(folder.path, "stranger"), "");
    await folder.discard();
    expect(await readdir(folder.path)).toEqual(["stranger"]);
  });
});
