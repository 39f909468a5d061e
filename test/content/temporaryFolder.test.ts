import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { openTemporaryFolder } from "../../src/content/temporaryFolder.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();

describe("the folder for what need not last", () => {
  it("S0.11 is made, and emptied without following a link", async () => {
    const root = await newFolder();
    const temp = join(root, "temp");
    await openTemporaryFolder(temp);
    await mkdir(join(root, "outside"));
    await writeFile(join(root, "outside", "kept"), "");
    await symlink(join(root, "outside"), join(temp, "link"));
    await mkdir(join(temp, "a", "b"), { recursive: true });
    await symlink(join(root, "outside"), join(temp, "a", "deep"));
    await writeFile(join(temp, ".hidden"), "");
    await openTemporaryFolder(temp);
    expect(await readdir(temp)).toEqual([]);
    expect(await readdir(join(root, "outside"))).toEqual(["kept"]);
  });

  it("S0.11 is not a link itself: what that points to is somebody else's", async () => {
    const root = await newFolder();
    await mkdir(join(root, "outside"));
    await writeFile(join(root, "outside", "kept"), "");
    await symlink(join(root, "outside"), join(root, "temp"));
    await expect(openTemporaryFolder(join(root, "temp"))).rejects.toThrow("is a symbolic link");
    expect(await readdir(join(root, "outside"))).toEqual(["kept"]);
  });
});
