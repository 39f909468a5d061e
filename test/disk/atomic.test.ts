import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { writeFileAtomic, writePiecesAtomic } from "../../src/disk/atomic.js";
import { diskOperations } from "../../src/disk/operations.js";
import { temporaryFolders } from "./temporaryFolder.js";

const newFolder = temporaryFolders();

describe("writePiecesAtomic", () => {
  it("writes what is made piece by piece, and lets the loop turn between them", async () => {
    const path = join(await newFolder(), "file");
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await writePiecesAtomic(
      path,
      (function* () {
        for (let index = 0; index < 20; index += 1) yield `${index}\n`;
      })(),
    );
    isDone = true;
    expect(await readFile(path, "utf8")).toBe(
      Array.from({ length: 20 }, (_, index) => `${index}\n`).join(""),
    );
    expect(turns).toBeGreaterThan(10);
  });

  it("takes pieces that are waited for, and leaves nothing where one of them cannot be had", async () => {
    const folder = await newFolder();
    const path = join(folder, "file");
    const pieces = async function* (fault?: Error): AsyncGenerator<string> {
      yield "one ";
      await Promise.resolve();
      if (fault !== undefined) throw fault;
      yield "two";
    };
    await expect(writePiecesAtomic(path, pieces(new Error("no more")))).rejects.toThrow("no more");
    expect(await readdir(folder)).toEqual([]);
    await writePiecesAtomic(path, pieces());
    expect(await readFile(path, "utf8")).toBe("one two");
  });

  it("leaves the old file, and nothing else, where a piece cannot be made", async () => {
    const folder = await newFolder();
    const path = join(folder, "file");
    await writeFileAtomic(path, "old");
    const pieces = function* (): Generator<string> {
      yield "new";
      throw new Error("no more");
    };
    await expect(writePiecesAtomic(path, pieces())).rejects.toThrow("no more");
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["file"]);
  });

  it("syncs the file always, and the folder unless somebody else does", async () => {
    const folder = await newFolder();
    const calls: string[] = [];
    const operations = {
      ...diskOperations,
      fsync: (fd: number) => {
        calls.push("fsync");
        return diskOperations.fsync(fd);
      },
      rename: (from: string, to: string) => {
        calls.push("rename");
        return diskOperations.rename(from, to);
      },
    };
    await writeFileAtomic(join(folder, "a"), "a", { operations });
    expect(calls.splice(0)).toEqual(["fsync", "rename", "fsync"]);
    await writeFileAtomic(join(folder, "b"), "b", { operations, leaveFolderUnsynced: true });
    expect(calls).toEqual(["fsync", "rename"]);
    expect(await readdir(folder)).toEqual(["a", "b"]);
  });
});
