import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { sizeBytesOf } from "../../src/content/sizeBytes.js";
import { diskOperations } from "../../src/disk/operations.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();
let root: string;
let own: string;
beforeEach(async () => {
  root = await newFolder();
  own = join(root, "own");
  await mkdir(join(own, "output"), { recursive: true });
  await mkdir(join(root, "outside"));
  await writeFile(join(root, "outside", "activities.jsonl"), "0123456789");
});

describe("what lies at a path", () => {
  it("B.7 is counted to the byte, links and what they lead to aside", async () => {
    await writeFile(join(own, "activities.jsonl"), "12345");
    await writeFile(join(own, "output", "c.stdout.log"), "123");
    await mkdir(join(own, "a", "b"), { recursive: true });
    await writeFile(join(own, "a", "b", "deep"), "12");
    await symlink(join(root, "outside", "activities.jsonl"), join(own, "link"));
    await symlink(join(root, "outside"), join(own, "a", "folder"));
    await symlink("..", join(own, "a", "loop"));
    expect(await sizeBytesOf(own)).toBe(10);
    expect(await sizeBytesOf(join(own, "activities.jsonl"))).toBe(5);
  });

  it("B.7 is nothing where it is missing, or leads elsewhere", async () => {
    await symlink(join(root, "outside"), join(root, "replaced"));
    for (const name of ["replaced", "gone", "outside/activities.jsonl/none"])
      expect(await sizeBytesOf(join(root, name)), name).toBe(0);
  });

  it("tells where the disk does not answer, and not where something went away meanwhile", async () => {
    await writeFile(join(own, "activities.jsonl"), "12345");
    const failing = (code: string, call: "lstat" | "readdir"): typeof diskOperations => ({
      ...diskOperations,
      [call]: async (path: string) => {
        if (path !== own) return call === "lstat" ? diskOperations.lstat(path) : diskOperations.readdir(path);
        throw Object.assign(new Error(code), { code });
      },
    });
    for (const call of ["lstat", "readdir"] as const) {
      expect(await sizeBytesOf(own, failing("ENOENT", call))).toBe(0);
      await expect(sizeBytesOf(own, failing("EIO", call))).rejects.toThrow("EIO");
    }
  });
});
