import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { copyFile, digestFile } from "../../src/disk/copyFile.js";
import { diskOperations } from "../../src/disk/operations.js";
import { moveInto } from "../../src/disk/remove.js";
import { temporaryFolders } from "./temporaryFolder.js";

const newFolder = temporaryFolders();
/** More than two chunks. */
const BYTES = randomBytes(1_200_000);

let root: string;
let from: string;
let to: string;
beforeEach(async () => {
  root = await newFolder();
  from = join(root, "from");
  to = join(root, "to");
  await writeFile(from, BYTES);
});

const digestOf = (bytes: Uint8Array): object => ({
  sizeBytes: bytes.length,
  sha256: createHash("sha256").update(bytes).digest("hex"),
});

describe("copyFile", () => {
  it("copies all of a file, privately, and says what was written", async () => {
    expect(await copyFile(from, to)).toEqual(digestOf(BYTES));
    expect((await readFile(to)).equals(BYTES)).toBe(true);
    expect((await stat(to)).mode & 0o777).toBe(0o600);
    expect(await digestFile(to)).toEqual(digestOf(BYTES));
  });

  it.each([0, 1, 524_288, 524_289, 1_199_999, 1_200_000, 5_000_000])(
    "copies %i bytes at most",
    async (maxBytes) => {
      const part = BYTES.subarray(0, maxBytes);
      expect(await copyFile(from, to, { maxBytes })).toEqual(digestOf(part));
      expect((await readFile(to)).equals(part)).toBe(true);
      expect(await digestFile(from, { maxBytes })).toEqual(digestOf(part));
    },
  );

  it("leaves nothing behind where it fails", async () => {
    const operations = { ...diskOperations, fsync: () => Promise.reject(new Error("EIO")) };
    await expect(copyFile(from, to, { operations })).rejects.toThrow("EIO");
    await expect(copyFile(join(root, "none"), to)).rejects.toMatchObject({ code: "ENOENT" });
    await symlink(from, join(root, "link"));
    await expect(copyFile(join(root, "link"), to)).rejects.toMatchObject({ code: "ELOOP" });
    expect((await readdir(root)).sort()).toEqual(["from", "link"]);
  });

  it("ends between two chunks when it is told to", async () => {
    const abort = new AbortController();
    let reads = 0;
    const operations = {
      ...diskOperations,
      read: (...args: Parameters<typeof diskOperations.read>) => {
        reads += 1;
        abort.abort(new Error("enough"));
        return diskOperations.read(...args);
      },
    };
    await expect(copyFile(from, to, { operations, signal: abort.signal })).rejects.toThrow("enough");
    expect(reads).toBe(1);
    expect(await readdir(root)).toEqual(["from"]);
  });
});

describe("moveInto", () => {
  it("moves a file or a folder, over an empty folder too, and syncs both sides", async () => {
    await mkdir(join(root, "a", "x"), { recursive: true });
    await writeFile(join(root, "a", "x", "f"), "1");
    await mkdir(join(root, "b", "x"), { recursive: true });
    const calls: string[] = [];
    const opened = new Map<number, string>();
    const operations = {
      ...diskOperations,
      open: async (path: string, flags: number) => {
        const fd = await diskOperations.open(path, flags);
        opened.set(fd, path.slice(root.length));
        return fd;
      },
      fsync: (fd: number) => {
        calls.push(`fsync ${opened.get(fd)}`);
        return diskOperations.fsync(fd);
      },
      rename: (before: string, after: string) => {
        calls.push("rename");
        return diskOperations.rename(before, after);
      },
    };
    await moveInto(join(root, "b"), join(root, "a"), "x", operations);
    expect(await readFile(join(root, "b", "x", "f"), "utf8")).toBe("1");
    expect(await readdir(join(root, "a"))).toEqual([]);
    expect(calls).toEqual(["rename", "fsync /b", "fsync /a"]);
  });
});
