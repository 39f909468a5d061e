import { mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { diskOperations } from "../../src/disk/operations.js";
import { pointSymlink } from "../../src/disk/symlink.js";

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "sessiond-symlink-"))));
afterEach(() => rm(folder, { recursive: true }));

describe("pointSymlink", () => {
  it("makes the link, moves it, and leaves nothing else behind", async () => {
    const link = join(folder, "live.log");
    await pointSymlink(link, "files/1.log");
    expect(await readlink(link)).toBe("files/1.log");
    await pointSymlink(link, "files/2.log");
    expect(await readlink(link)).toBe("files/2.log");
    expect(await readdir(folder)).toEqual(["live.log"]);
  });

  it("replaces by a rename and syncs the folder after it", async () => {
    const link = join(folder, "live.log");
    await symlink("old", link);
    const calls: string[] = [];
    await pointSymlink(link, "new", {
      ...diskOperations,
      rename: async (from, to) => {
        calls.push(`rename to ${to} while ${await readlink(link)}`);
        await diskOperations.rename(from, to);
      },
      fsync: async (fd) => {
        calls.push("sync");
        await diskOperations.fsync(fd);
      },
    });
    expect(calls).toEqual([`rename to ${link} while old`, "sync"]);
  });

  it("leaves what is no link alone", async () => {
    const file = join(folder, "live.log");
    await writeFile(file, "precious");
    await expect(pointSymlink(file, "x")).rejects.toMatchObject({ code: "EEXIST", path: file });
    expect(await readFile(file, "utf8")).toBe("precious");
    expect(await readdir(folder)).toEqual(["live.log"]);
  });

  it("removes its temporary link when the rename fails, and says why it failed", async () => {
    const link = join(folder, "live.log");
    const rename = () => Promise.reject(Object.assign(new Error("no"), { code: "EIO" }));
    await expect(pointSymlink(link, "x", { ...diskOperations, rename })).rejects.toMatchObject({
      code: "EIO",
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it("makes it by the disk's own operation, so that a test can make it fail", async () => {
    const symlink = () => Promise.reject(Object.assign(new Error("no"), { code: "EIO" }));
    const pointing = pointSymlink(join(folder, "live.log"), "x", { ...diskOperations, symlink });
    await expect(pointing).rejects.toMatchObject({ code: "EIO" });
    expect(await readdir(folder)).toEqual([]);
  });

  it("passes on what the system says of a folder that is no folder", async () => {
    await writeFile(join(folder, "file"), "");
    await expect(pointSymlink(join(folder, "file", "link"), "x")).rejects.toMatchObject({ code: "ENOTDIR" });
  });
});
