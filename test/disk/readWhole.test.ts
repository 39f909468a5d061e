import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { diskOperations } from "../../src/disk/operations.js";
import { NotReadableAsFileError, readWholeFile } from "../../src/disk/readWhole.js";
import { temporaryFolders } from "./temporaryFolder.js";

const newFolder = temporaryFolders();

describe("readWholeFile", () => {
  it("reads a file up to a size", async () => {
    const path = join(await newFolder(), "file");
    await writeFile(path, "four");
    expect((await readWholeFile(path, 4)).toString()).toBe("four");
    await expect(readWholeFile(path, 3)).rejects.toThrow("it has 4 bytes, and 3 are allowed");
    await writeFile(path, "");
    expect(await readWholeFile(path, 0)).toHaveLength(0);
    await expect(readWholeFile(`${path}-gone`, 4)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("follows no link, and is held up by no pipe", async () => {
    const folder = await newFolder();
    const at = (name: string): string => join(folder, name);
    await writeFile(at("file"), "x");
    await symlink(at("file"), at("link"));
    await mkdir(at("folder"));
    execFileSync("sh", ["-c", 'mkfifo "$0"', at("pipe")]);
    for (const [name, message] of [
      ["link", "it is a symbolic link"],
      ["folder", "it is not a file"],
      ["pipe", "it is not a file"],
    ] as const) {
      const reading = readWholeFile(at(name), 10);
      await expect(reading).rejects.toThrow(message);
      await expect(reading).rejects.toBeInstanceOf(NotReadableAsFileError);
    }
  });

  it("follows none either that was put there after the look", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, "file"), "secret");
    const path = join(folder, "late");
    const operations = {
      ...diskOperations,
      lstat: async () => {
        await symlink(join(folder, "file"), path);
        return diskOperations.lstat(join(folder, "file"));
      },
    };
    await expect(readWholeFile(path, 10, operations)).rejects.toMatchObject({ code: "ELOOP" });
  });
});
