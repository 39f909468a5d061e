import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { ExportFileError, writeExportFile } from "../../src/content/exportFile.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();

let folder: string;
let dataDir: string;
beforeEach(async () => {
  folder = await newFolder();
  dataDir = join(folder, "data");
  await mkdir(dataDir);
});

/** Pieces that need a turn of the loop each; `meanwhile` runs before the last. */
async function* pieces(meanwhile: () => Promise<void> = async () => {}): AsyncGenerator<string> {
  yield "grün ";
  await meanwhile();
  yield "blau";
}

async function faultOf(path: string, from = pieces()): Promise<string> {
  const error = await writeExportFile(path, dataDir, from).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ExportFileError);
  return (error as Error).message;
}

describe("writeExportFile", () => {
  it("writes a new file for its owner alone, and says how many bytes it has", async () => {
    const path = join(folder, "file.json");
    expect(await writeExportFile(path, dataDir, pieces())).toBe(10);
    expect(await readFile(path, "utf8")).toBe("grün blau");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("writes nothing over: no file, no folder, and no link to nowhere", async () => {
    await writeFile(join(folder, "file"), "mine");
    await symlink(join(folder, "nowhere"), join(folder, "link"));
    for (const name of ["file", "link", "data"]) {
      // The data folder itself is told as such.
      expect(await faultOf(join(folder, name))).toMatch(/is there already|the data folder/);
    }
    await mkdir(join(folder, "dir"));
    expect(await faultOf(join(folder, "dir/"))).toContain("is there already");
    expect(await readFile(join(folder, "file"), "utf8")).toBe("mine");
    expect((await readdir(folder)).toSorted()).toEqual(["data", "dir", "file", "link"]);
  });

  it("writes nothing over that came while it wrote", async () => {
    const path = join(folder, "file");
    const race = pieces(() => writeFile(path, "first"));
    expect(await faultOf(path, race)).toContain("is there already");
    expect(await readFile(path, "utf8")).toBe("first");
    expect((await readdir(folder)).toSorted()).toEqual(["data", "file"]);
  });

  it("says in words where there is no such folder, or the name cannot be", async () => {
    await writeFile(join(folder, "file"), "");
    expect(await faultOf(join(folder, "no", "file"))).toBe(`There is no folder ${join(folder, "no")}.`);
    expect(await faultOf(join(folder, "file", "file"))).toBe(`${join(folder, "file")} is no folder.`);
    expect(await faultOf(join(folder, "file", "sub", "file"))).toContain("There is no folder");
    expect(await faultOf(join(folder, "x".repeat(300)))).toContain("cannot be written: ENAMETOOLONG");
  });

  it("keeps out of the data folder, by whatever way", async () => {
    await symlink(dataDir, join(folder, "way"));
    for (const path of [join(dataDir, "file"), join(folder, "way", "file"), `${folder}/x/../data/file`]) {
      expect(await faultOf(path)).toContain("lies in the data folder");
    }
    expect(await readdir(dataDir)).toEqual([]);
    // The beginning of its name is not the folder.
    expect(await writeExportFile(join(folder, "data-file"), dataDir, pieces())).toBe(10);
  });

  it("passes on what the pieces throw, and leaves nothing", async () => {
    const fault = new Error("unreadable");
    const broken = pieces(() => Promise.reject(fault));
    await expect(writeExportFile(join(folder, "file"), dataDir, broken)).rejects.toBe(fault);
    expect(await readdir(folder)).toEqual(["data"]);
  });
});
