import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

import { beforeEach, describe, expect, it } from "vitest";

import { appendBodies, type Body, readBodies } from "../../src/content/bodyFile.js";
import { compressedPath, compressFile, expandFile } from "../../src/content/compressedFile.js";
import type { DiskOperations } from "../../src/disk/operations.js";
import { removeFile } from "../../src/disk/remove.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";
import { SimulatedDisk } from "../journal/simulatedDisk.js";
import { dice } from "../journal/simulatedFile.js";

const newFolder = temporaryFolders();
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await newFolder();
  path = join(folder, "activities.jsonl");
});

/** More than one chunk, and nothing that repeats. */
const LONG = Buffer.from(Array.from({ length: 200_000 }, (_, index) => `${index * 7919}\n`).join(""));

describe("a compressed file", () => {
  it("S0.10 lies beside the file, private, and gives it back byte for byte", async () => {
    await writeFile(path, LONG);
    await compressFile(path);
    expect(gunzipSync(await readFile(compressedPath(path))).equals(LONG)).toBe(true);
    expect((await stat(compressedPath(path))).mode & 0o777).toBe(0o600);
    expect((await readFile(path)).equals(LONG)).toBe(true);
    const copy = join(folder, "copy");
    await expandFile(path, { to: copy });
    expect((await readFile(copy)).equals(LONG)).toBe(true);
    expect((await stat(compressedPath(path))).size).toBeLessThan(LONG.length / 2);
  });

  it("takes the place of one that is there", async () => {
    await writeFile(path, "new\n");
    await writeFile(compressedPath(path), gzipSync("old\n"));
    await compressFile(path);
    expect(gunzipSync(await readFile(compressedPath(path))).toString()).toBe("new\n");
  });

  it("is none where it is damaged or cut, and nothing half is left", async () => {
    await writeFile(path, LONG);
    await compressFile(path);
    const whole = await readFile(compressedPath(path));
    const flipped = Buffer.from(whole);
    flipped.writeUInt8(flipped.readUInt8(5_000) ^ 1, 5_000);
    for (const bytes of [flipped, whole.subarray(0, 5_000), Buffer.from("no gzip"), Buffer.alloc(0)]) {
      await writeFile(compressedPath(path), bytes);
      await expect(expandFile(path), `${bytes.length}`).rejects.toThrow(
        `${compressedPath(path)} is damaged: it cannot be decompressed.`,
      );
    }
    expect((await readdir(folder)).sort()).toEqual(["activities.jsonl", "activities.jsonl.gz"]);
  });

  it("is never made through a link, nor out of one", async () => {
    const outside = join(folder, "outside");
    await writeFile(outside, "somebody's own");
    await symlink(outside, path);
    await expect(compressFile(path)).rejects.toMatchObject({ code: "ELOOP" });
    await writeFile(join(folder, "other.gz"), gzipSync("x"));
    await symlink(join(folder, "other.gz"), compressedPath(path));
    await expect(expandFile(path)).rejects.toMatchObject({ code: "ELOOP" });
    expect(await readFile(outside, "utf8")).toBe("somebody's own");
  });

  it("fails as the system does where the file is missing or cannot be read", async () => {
    await expect(compressFile(path)).rejects.toMatchObject({ code: "ENOENT" });
    await expect(expandFile(path)).rejects.toMatchObject({ code: "ENOENT" });
    await mkdir(path);
    await expect(compressFile(path)).rejects.toMatchObject({ code: "EISDIR" });
    await chmod(path, 0o700);
    expect(await readdir(folder)).toEqual(["activities.jsonl"]);
  });

  it("is broken off between two pieces, and leaves nothing", async () => {
    await writeFile(path, LONG);
    let asked = 0;
    const mustGoOn = (): void => {
      asked += 1;
      if (asked > 2) throw new Error("enough");
    };
    await expect(compressFile(path, { mustGoOn })).rejects.toThrow("enough");
    expect(await readdir(folder)).toEqual(["activities.jsonl"]);
  });
});

const PATH = "/content/s~1/activities.jsonl";

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

function bodies(first: number, last: number): Body[] {
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    seq: first + index,
    text: "x".repeat(200),
  }));
}

/** What counts on that disk: the plain file, where it is there. */
function counting(disk: SimulatedDisk): Buffer | undefined {
  const files = disk.files();
  const compressed = files.get(compressedPath(PATH));
  return files.get(PATH) ?? (compressed === undefined ? undefined : gunzipSync(compressed));
}

async function seqsIn(bytes: Buffer | undefined): Promise<unknown[]> {
  await writeFile(path, bytes ?? "");
  const seqs: unknown[] = [];
  for await (const found of readBodies(path, { order: "oldest" }))
    seqs.push("body" in found ? found.body.seq : "damaged");
  return seqs;
}

/** Every disk that a power loss, or kill -9, may leave at any moment of the work. */
async function images(
  disk: SimulatedDisk,
  work: (operations: DiskOperations) => Promise<void>,
): Promise<SimulatedDisk[]> {
  const roll = dice(11);
  const all: SimulatedDisk[] = [];
  const take = (): void => {
    all.push(
      disk.copy(),
      disk.afterPowerLoss(roll),
      disk.afterPowerLoss(roll),
      disk.afterPowerLoss(() => 0),
    );
  };
  await work(watched(disk, take));
  take();
  return all;
}

describe("a crash at any step", () => {
  async function saved(): Promise<SimulatedDisk> {
    const disk = new SimulatedDisk();
    for (const made of ["/content", "/content/s~1"]) await disk.mkdir(made);
    await appendBodies(PATH, bodies(1, 20), disk);
    return disk;
  }

  it("S0.10 of archiving leaves one form that is whole, from which archiving goes on", async () => {
    const disk = await saved();
    const before = counting(disk);
    const archive = async (operations: DiskOperations): Promise<void> => {
      await compressFile(PATH, { operations });
      await removeFile(PATH, operations);
    };
    const all = await images(disk, archive);
    expect(all.length).toBeGreaterThan(40);
    for (const image of all) {
      expect(counting(image)).toEqual(before);
      if (image.files().has(PATH)) await archive(image);
      expect(
        [
          ...image
            .afterPowerLoss(() => 0)
            .files()
            .keys(),
        ].filter((name) => !name.endsWith(".tmp")),
      ).toEqual([compressedPath(PATH)]);
      expect(counting(image)).toEqual(before);
    }
  });

  it("S0.10 of bringing it back leaves one form that is whole", async () => {
    const disk = await saved();
    const before = counting(disk);
    await compressFile(PATH, { operations: disk });
    await removeFile(PATH, disk);
    const all = await images(disk, async (operations) => {
      await expandFile(PATH, { operations });
      await removeFile(compressedPath(PATH), operations);
    });
    for (const image of all) expect(counting(image)).toEqual(before);
  });

  it("S0.10 of a save into what was compressed loses nothing and doubles nothing", async () => {
    const disk = await saved();
    await compressFile(PATH, { operations: disk });
    await removeFile(PATH, disk);
    // As after a replay: some are in the file already, some are not.
    const late = bodies(15, 25);
    const all = await images(disk, (operations) => appendBodies(PATH, late, operations));
    const whole = bodies(1, 25).map(({ seq }) => seq);
    for (const image of all) {
      expect((await seqsIn(counting(image))).slice(0, 14)).toEqual(whole.slice(0, 14));
      await appendBodies(PATH, late, image);
      expect(await seqsIn(counting(image))).toEqual(whole);
      expect(await seqsIn(counting(image.afterPowerLoss(() => 0)))).toEqual(whole);
    }
  });
});
