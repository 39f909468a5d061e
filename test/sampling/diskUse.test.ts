import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { DiskUse, type DiskUseBounds } from "../../src/sampling/diskUse.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const temporaryFolder = temporaryFolders();

const FILE_BYTES = 64 * 1_024;

function open(bounds: Partial<DiskUseBounds> = {}): DiskUse {
  const disk = new DiskUse(bounds);
  onTestFinished(() => disk.close());
  return disk;
}

async function folderWith(files: number, folders = 1): Promise<string> {
  const root = await temporaryFolder();
  for (let folder = 0; folder < folders; folder++) {
    const path = join(root, `deep${folder}`, "er");
    await mkdir(path, { recursive: true });
    for (let file = 0; file < files; file++)
      await writeFile(join(path, `f${file}`), Buffer.alloc(FILE_BYTES, 1));
  }
  return root;
}

/** Takes steps until the folder is known, and answers how many it took. */
async function walk(disk: DiskUse, path: string, nowMs = 0): Promise<number> {
  for (let steps = 1; steps < 1_000; steps++) {
    await disk.step(new Set([path]), nowMs);
    if (disk.get(path) !== undefined) return steps;
  }
  throw new Error("the walk comes to no end");
}

describe("what a folder takes on disk", () => {
  it("S2.6 is found in steps that look at no more than so many entries", async () => {
    const path = await folderWith(20);
    const disk = open({ entriesPerStep: 5 });
    // 20 files and two folders, and a step that sees the end.
    expect(await walk(disk, path)).toBe(5);
    const { sizeBytes = 0, isPartial } = disk.get(path) ?? {};
    expect(isPartial).toBe(false);
    expect(sizeBytes).toBeGreaterThanOrEqual(20 * FILE_BYTES);
    expect(sizeBytes).toBeLessThan(22 * FILE_BYTES);
  });

  it("is partial above a bound, and says so", async () => {
    const path = await folderWith(20);
    const disk = open({ mostEntries: 10 });
    await walk(disk, path);
    expect(disk.get(path)?.isPartial).toBe(true);
    expect(disk.get(path)?.sizeBytes).toBeLessThan(10 * FILE_BYTES);
  });

  it("leaves out what links lead to, and comes to an end where they lead in a circle", async () => {
    const path = await folderWith(1);
    const other = await folderWith(20);
    await symlink(other, join(path, "other"));
    await symlink(path, join(path, "self"));
    const disk = open();
    await walk(disk, path);
    expect(disk.get(path)?.sizeBytes).toBeLessThan(2 * FILE_BYTES);
  });

  it("is asked again after a pause, and what was found counts meanwhile", async () => {
    const path = await folderWith(1);
    const disk = open({ pauseMs: 100, entriesPerStep: 2 });
    await walk(disk, path);
    const before = disk.get(path)?.sizeBytes ?? 0;
    await writeFile(join(path, "more"), Buffer.alloc(FILE_BYTES, 1));
    await disk.step(new Set([path]), 99);
    await disk.step(new Set([path]), 100);
    expect(disk.get(path)?.sizeBytes).toBe(before);
    await disk.step(new Set([path]), 100);
    await disk.step(new Set([path]), 100);
    await disk.step(new Set([path]), 100);
    expect(disk.get(path)?.sizeBytes).toBeGreaterThanOrEqual(before + FILE_BYTES);
  });

  it("gives every folder its turn, however large another one is", async () => {
    const [large, small] = [await folderWith(50), await folderWith(1)];
    const disk = open({ entriesPerStep: 4 });
    const both = new Set([large, small]);
    for (let step = 0; step < 4; step++) await disk.step(both, 0);
    expect(disk.get(small)).toBeDefined();
    expect(disk.get(large)).toBeUndefined();
  });

  it("forgets a folder that nobody asks for, and takes one that is gone for empty", async () => {
    const path = await folderWith(5);
    const disk = open({ entriesPerStep: 3 });
    await disk.step(new Set([path]), 0);
    await rm(path, { recursive: true });
    await walk(disk, path);
    expect(disk.get(path)?.sizeBytes).toBeLessThan(5 * FILE_BYTES);
    await disk.step(new Set(), 0);
    expect(disk.get(path)).toBeUndefined();
    await walk(disk, join(path, "never"));
    expect(disk.get(join(path, "never"))).toEqual({ sizeBytes: 0, isPartial: false });
  });
});
