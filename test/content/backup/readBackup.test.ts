import { mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { BackupFolder } from "../../../src/content/backup/backupFolder.js";
import { checkBackup, copyFromBackup, openBackup } from "../../../src/content/backup/readBackup.js";
import { temporaryFolders } from "../../disk/temporaryFolder.js";

const newFolder = temporaryFolders();
let root: string;
let path: string;
beforeEach(async () => {
  root = await newFolder();
  path = join(root, "b");
  await mkdir(join(root, "data"));
  const folder = await BackupFolder.claim(path, join(root, "data"));
  await writeFile(join(root, "source"), "some text");
  await folder.copy(join(root, "source"), "content/s~1/activities.jsonl", {});
  await folder.copy(join(root, "source"), "uptime.json", {});
  await folder.finish({ seq: 3, createdAt: "2026-01-01T00:00:00.000Z" });
});

/** Opens the backup, and checks all of it. */
const check = async (): Promise<void> => checkBackup(await openBackup(path));

describe("reading a backup", () => {
  it("finds every changed bit, and names the file", async () => {
    await check();
    for (const name of ["content/s~1/activities.jsonl", "uptime.json", "backup.json"]) {
      const place = join(path, name);
      const bytes = await readFile(place);
      for (let at = 0; at < bytes.length; at += 7) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ 1;
        await writeFile(place, flipped);
        const error = await check().catch((thrown: unknown) => thrown);
        expect(error, `${name}, byte ${at}`).toMatchObject({ name: "BackupError", type: "backup_damaged" });
        expect((error as Error).message).toContain(place);
      }
      await writeFile(place, bytes);
    }
    await check();
  });

  it("finds what is shorter, longer, missing, or no file", async () => {
    const place = join(path, "uptime.json");
    await truncate(place, 3);
    await expect(check()).rejects.toThrow(`${place} has 3 bytes, and had 9.`);
    await writeFile(place, "some text and more");
    await expect(check()).rejects.toThrow(`${place} has more than its 9 bytes.`);
    await rm(place);
    await expect(check()).rejects.toThrow(`${place} is missing.`);
    await symlink(join(root, "source"), place);
    await expect(check()).rejects.toThrow(`${place} cannot be read: ELOOP`);
    await rm(place);
    await mkdir(place);
    await expect(check()).rejects.toThrow(`${place} cannot be read: EISDIR`);
  });

  it("knows one that did not come to its end", async () => {
    await rm(join(path, "backup.json"));
    const hint = expect.stringContaining("remove it, and make another one") as string;
    await expect(openBackup(path)).rejects.toMatchObject({ type: "backup_incomplete", hint });
    await expect(openBackup(join(root, "none"))).rejects.toMatchObject({ type: "backup_incomplete" });
    await expect(openBackup(join(root, "source"))).rejects.toMatchObject({ type: "backup_incomplete" });
    await mkdir(join(path, "backup.json"));
    await expect(openBackup(path)).rejects.toMatchObject({ type: "backup_damaged" });
    await expect(openBackup("x\0y")).rejects.toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
  });

  it("holds what it copies against the manifest as well", async () => {
    const backup = await openBackup(path);
    const [file] = backup.files;
    if (file === undefined) throw new Error("there is no file");
    await copyFromBackup(backup, file, join(root, "copy"));
    expect(await readFile(join(root, "copy"), "utf8")).toBe("some text");
    await writeFile(join(path, file.name), "some test");
    await expect(copyFromBackup(backup, file, join(root, "again"))).rejects.toThrow("its checksum differs");
    // What goes wrong where it is copied to is no damage of the backup.
    const nowhere = copyFromBackup(backup, file, join(root, "none", "copy"));
    await expect(nowhere).rejects.toMatchObject({ code: "ENOENT" });
    expect(await readdir(path)).toHaveLength(3);
  });
});
