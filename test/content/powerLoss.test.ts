import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { describe, expect, it } from "vitest";

import { appendBodies, type Body, readBodies } from "../../src/content/bodyFile.js";
import type { DiskOperations } from "../../src/disk/operations.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";
import { SimulatedDisk } from "../journal/simulatedDisk.js";
import { dice } from "../journal/simulatedFile.js";

const FOLDER = "/content/session";
const PATH = `${FOLDER}/bodies.jsonl`;
const newFolder = temporaryFolders();

/** Bodies of some 200 bytes, so that several lie in one sector and some in two. */
function bodies(first: number, last: number): Body[] {
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    seq: first + index,
    text: `${first + index}`.repeat(150).slice(0, 150),
  }));
}

async function newDisk(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  for (const folder of [dirname(FOLDER), FOLDER]) await disk.mkdir(folder);
  return disk;
}

/** The disk, calling back around every call: each of these moments may be the last. */
function watched(disk: SimulatedDisk, onCall: () => void): DiskOperations {
  return new Proxy(disk, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        onCall();
        const result: unknown = Reflect.apply(value, target, args);
        onCall();
        return result;
      };
    },
  });
}

/** What is in the file on that disk, by seq. */
async function readFrom(disk: SimulatedDisk, scratch: string): Promise<(number | "damaged")[]> {
  await writeFile(scratch, disk.files().get(PATH) ?? "");
  const seqs: (number | "damaged")[] = [];
  for await (const found of readBodies(scratch, { order: "oldest" })) {
    seqs.push("body" in found ? found.body.seq : "damaged");
  }
  return seqs;
}

describe("a power loss while bodies are saved", () => {
  it("takes nothing that was saved, and the next save brings the rest", async () => {
    const scratch = join(await newFolder(), "bodies.jsonl");
    const roll = dice(7);
    const images: SimulatedDisk[] = [];
    const disk = await newDisk();
    await appendBodies(PATH, bodies(1, 4), disk);
    const operations = watched(disk, () => {
      for (let count = 0; count < 8; count++) images.push(disk.afterPowerLoss(roll));
    });
    await appendBodies(PATH, bodies(5, 20), operations);
    expect(images.length).toBeGreaterThan(100);
    let holes = 0;
    for (const image of images) {
      const left = await readFrom(image, scratch);
      expect(left.slice(0, 4)).toEqual([1, 2, 3, 4]);
      if (left.includes("damaged")) holes += 1;
      await appendBodies(PATH, bodies(5, 20), image);
      expect(await readFrom(image, scratch)).toEqual(bodies(1, 20).map(({ seq }) => seq));
      // What has been saved is on the disk, and not in the cache alone.
      expect(
        await readFrom(
          image.afterPowerLoss(() => 0),
          scratch,
        ),
      ).toHaveLength(20);
    }
    // Some of the images must have been of the bad kind: a good line behind one that never came through.
    expect(holes).toBeGreaterThan(5);
  });

  it("takes no file that was saved, also when an earlier daemon made it and was killed", async () => {
    const scratch = join(await newFolder(), "bodies.jsonl");
    const disk = await newDisk();
    // The file is written, and neither it nor its name is on the disk.
    const interrupted: DiskOperations = watched(disk, () => undefined);
    const failing = {
      ...bound(interrupted),
      fdatasync: (_: number, done: (error: Error) => void) => done(lost()),
    };
    await expect(appendBodies(PATH, bodies(1, 3), failing)).rejects.toThrow("lost");
    expect(
      disk
        .afterPowerLoss(() => 0)
        .files()
        .has(PATH),
    ).toBe(false);
    await appendBodies(PATH, bodies(1, 3), disk);
    expect(
      await readFrom(
        disk.afterPowerLoss(() => 0),
        scratch,
      ),
    ).toEqual([1, 2, 3]);
  });

  it("takes no folder either that somebody made and did not sync: its name is synced with the first save", async () => {
    const disk = await newDisk();
    const synced: unknown[] = [];
    const paths = new Map<number, string>();
    const operations: DiskOperations = {
      ...bound(disk),
      open: async (path, flags) => {
        const fd = await disk.open(path, flags);
        paths.set(fd, path);
        return fd;
      },
      fsync: async (fd) => {
        synced.push(paths.get(fd));
        await disk.fsync(fd);
      },
    };
    await appendBodies(PATH, bodies(1, 2), operations);
    expect(synced).toEqual([FOLDER, dirname(FOLDER)]);
    await appendBodies(PATH, bodies(3, 4), operations);
    expect(synced).toHaveLength(2);
  });

  it("leaves no file open, whatever fails", async () => {
    for (const name of ["lstat", "read", "writeSync", "ftruncate", "fdatasync", "fsync"] as const) {
      const disk = await newDisk();
      await appendBodies(PATH, bodies(1, 2), disk);
      disk.put(PATH, Buffer.concat([disk.files().get(PATH) ?? Buffer.alloc(0), Buffer.alloc(2_000)]));
      const fails = (): never => {
        throw lost();
      };
      const failing: DiskOperations = { ...bound(disk), [name]: fails };
      const saving = appendBodies(PATH, name === "fsync" ? bodies(1, 3) : bodies(3, 3), failing);
      await expect(saving, name).rejects.toThrow("lost");
      expect(disk.openCount, name).toBe(0);
    }
  });
});

describe("a sync that failed", () => {
  it("is followed by writing everything anew: what the cache holds may not be on the disk", async () => {
    const disk = await newDisk();
    await appendBodies(PATH, bodies(1, 2), disk);
    const written: string[] = [];
    const operations: DiskOperations = {
      ...bound(disk),
      writeSync: (fd, bytes, offset, length, position) => {
        written.push(`${length} at ${position}`);
        return disk.writeSync(fd, bytes, offset, length, position);
      },
      fdatasync: (_, done) => setImmediate(() => done(lost())),
    };
    await expect(appendBodies(PATH, bodies(3, 5), operations)).rejects.toThrow("lost");
    await expect(appendBodies(PATH, bodies(3, 6), operations)).rejects.toThrow("lost");
    await appendBodies(PATH, bodies(3, 6), {
      ...operations,
      fdatasync: (fd, done) => disk.fdatasync(fd, done),
    });
    const positions = written.map((one) => one.split(" at ")[1]);
    expect(positions).toHaveLength(3);
    expect(new Set(positions).size).toBe(1);
    expect(written[2]).toBe(written[1]);
  });
});

function lost(): Error {
  return new Error("lost");
}

/** The operations as an object of their own, so that some can be replaced. */
function bound(disk: DiskOperations): DiskOperations {
  const names = Object.getOwnPropertyNames(SimulatedDisk.prototype).filter((name) => name !== "constructor");
  const entries = names.map((name) => {
    const value: unknown = Reflect.get(disk, name);
    return [name, typeof value === "function" ? value.bind(disk) : value];
  });
  return Object.fromEntries(entries);
}
