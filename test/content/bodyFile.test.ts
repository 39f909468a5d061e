import { mkdir, readFile, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";

import { appendBodies, type Body, type FoundBody, readBodies } from "../../src/content/bodyFile.js";
import { compressedPath, compressFile } from "../../src/content/compressedFile.js";
import { diskOperations, type DiskOperations } from "../../src/disk/operations.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

interface Said extends Body {
  readonly text: string;
}

const newFolder = temporaryFolders();
let path: string;
beforeEach(async () => (path = join(await newFolder(), "session", "bodies.jsonl")));

/** The real disk without waiting for it: here the order of things is not in question. */
const hasty: DiskOperations = {
  ...diskOperations,
  fsync: () => Promise.resolve(),
  fdatasync: (_, done) => setImmediate(() => done(null)),
};

function said(...seqs: number[]): Said[] {
  return seqs.map((seq) => ({ seq, text: `body ${seq}, ${"é".repeat(seq)}` }));
}

async function collect(options: Parameters<typeof readBodies>[1]): Promise<FoundBody<Said>[]> {
  const all: FoundBody<Said>[] = [];
  for await (const found of readBodies<Said>(path, options)) all.push(found);
  return all;
}

/** The seqs that can be read, and `damaged` for each line that cannot. */
async function read(order: "newest" | "oldest" = "oldest"): Promise<(number | "damaged")[]> {
  return (await collect({ order })).map((found) => ("body" in found ? found.body.seq : "damaged"));
}

describe("a body file", () => {
  it("gives back what was put in, in both orders", async () => {
    await appendBodies(path, said(1, 2, 5));
    const found = await collect({ order: "oldest" });
    expect(found.map((one) => ("body" in one ? one.body : one))).toEqual(said(1, 2, 5));
    expect(await collect({ order: "newest" })).toEqual(found.toReversed());
  });

  it("holds nothing while it is not there, and is not made for nothing", async () => {
    expect(await read()).toEqual([]);
    await appendBodies(path, []);
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("is the user's own", async () => {
    await appendBodies(path, said(1));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, ".."))).mode & 0o777).toBe(0o700);
  });

  it("grows by what comes", async () => {
    await appendBodies(path, said(1, 2));
    await appendBodies(path, said(3));
    await appendBodies(path, said(4, 5));
    expect(await read()).toEqual([1, 2, 3, 4, 5]);
  });

  it("holds nothing twice when a save is repeated, also with more", async () => {
    await appendBodies(path, said(1, 2, 3));
    await appendBodies(path, said(2, 3));
    expect(await read()).toEqual([1, 2, 3]);
    await appendBodies(path, said(1, 2, 3, 4));
    expect(await read()).toEqual([1, 2, 3, 4]);
  });

  it("has offsets from which reading goes on", async () => {
    await appendBodies(path, said(1, 2, 3, 4));
    const found = await collect({ order: "oldest" });
    for (const [index, { offset, endOffset }] of found.entries()) {
      expect(await collect({ order: "oldest", from: offset })).toEqual(found.slice(index));
      expect(await collect({ order: "oldest", from: endOffset })).toEqual(found.slice(index + 1));
      expect(await collect({ order: "newest", to: offset })).toEqual(found.slice(0, index).toReversed());
      expect(await collect({ order: "newest", to: endOffset })).toEqual(
        found.slice(0, index + 1).toReversed(),
      );
    }
    expect(found.at(-1)?.endOffset).toBe((await stat(path)).size);
  });

  it("B.7 is never written through a link, in its place or in that of its folder", async () => {
    const outside = await newFolder();
    const other = join(outside, "bodies.jsonl");
    await writeFile(other, "somebody's own\n");
    await symlink(outside, dirname(path));
    await expect(appendBodies(path, said(1))).rejects.toThrow("is a symbolic link");
    await unlink(dirname(path));
    await mkdir(dirname(path), { mode: 0o700 });
    await symlink(other, path);
    await expect(appendBodies(path, said(1))).rejects.toMatchObject({ code: "ELOOP" });
    expect(await readFile(other, "utf8")).toBe("somebody's own\n");
  });

  it("S0.10 is what it was before it was compressed, when something is saved into it", async () => {
    await appendBodies(path, said(1, 2, 3));
    await compressFile(path);
    await unlink(path);
    await appendBodies(path, said(3, 4));
    expect(await read()).toEqual([1, 2, 3, 4]);
    await unlink(path);
    await writeFile(compressedPath(path), "damaged");
    await expect(appendBodies(path, said(5))).rejects.toThrow("is damaged");
    expect(await read()).toEqual([]);
  });

  it("passes on what the system says of a path that leads to no file", async () => {
    await mkdir(path, { recursive: true });
    await expect(appendBodies(path, said(1))).rejects.toMatchObject({ code: "EISDIR" });
    await expect(read()).rejects.toMatchObject({ code: "EISDIR" });
  });
});

describe("a tail that is torn", () => {
  it("at any byte is brought back by the next save, exactly", async () => {
    await appendBodies(path, said(1, 2), hasty);
    const { size } = await stat(path);
    await appendBodies(path, said(3, 4), hasty);
    const whole = await readFile(path);
    for (let cut = size; cut < whole.length; cut++) {
      await writeFile(path, whole.subarray(0, cut));
      const left = await read();
      expect(left).toEqual([1, 2, 3].slice(0, left.length));
      expect(await read("newest")).toEqual(left.toReversed());
      await appendBodies(path, said(3, 4), hasty);
      expect(await readFile(path)).toEqual(whole);
    }
  });

  it("at any byte is brought back when nothing of the file was ever saved", async () => {
    await appendBodies(path, said(1, 2, 3), hasty);
    const whole = await readFile(path);
    for (let cut = 0; cut < whole.length; cut++) {
      await writeFile(path, whole.subarray(0, cut));
      await appendBodies(path, said(1, 2, 3), hasty);
      expect(await readFile(path)).toEqual(whole);
    }
  });

  it("with pages that were never written is cut off, whatever else has come through", async () => {
    await appendBodies(path, said(1, 2), hasty);
    const { size } = await stat(path);
    await appendBodies(path, said(3, 4, 5), hasty);
    const whole = await readFile(path);
    for (let from = size; from < whole.length; from += 17) {
      for (let to = from + 1; to <= whole.length; to += 23) {
        await writeFile(path, Buffer.from(whole).fill(0, from, to));
        await appendBodies(path, said(3, 4, 5), hasty);
        expect(await readFile(path)).toEqual(whole);
      }
    }
  });

  it("may be longer than what takes its place", async () => {
    await appendBodies(path, said(1), hasty);
    const whole = await readFile(path);
    await writeFile(path, Buffer.concat([whole, Buffer.alloc(5_000)]));
    expect(await read()).toEqual([1]);
    await appendBodies(path, said(2), hasty);
    expect(await read()).toEqual([1, 2]);
    expect((await stat(path)).size).toBeLessThan(5_000);
  });
});

describe("damage", () => {
  it("to any bit leaves the other bodies readable, and is reported", async () => {
    await appendBodies(path, said(1, 2, 3));
    const whole = await readFile(path);
    const lines = await collect({ order: "oldest" });
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await writeFile(path, bytes);
      // A newline that is gone makes one line of two, and none of the last.
      const hit = lines.findIndex(({ endOffset }) => at < endOffset);
      const isNewline = whole[at] === 0x0a;
      const expected = [1, 2, 3].flatMap<number | "damaged">((seq, index) => {
        if (isNewline && index === hit + 1) return [];
        return index === hit ? (at === whole.length - 1 ? [] : ["damaged"]) : [seq];
      });
      expect(await read()).toEqual(expected);
      expect(await read("newest")).toEqual(expected.toReversed());
    }
  });

  it("says where it is", async () => {
    await appendBodies(path, said(1, 2, 3));
    const lines = await collect({ order: "oldest" });
    const bytes = await readFile(path);
    const { offset = 0, endOffset = 0 } = lines[1] ?? {};
    bytes.fill("x", offset + 30, offset + 34);
    await writeFile(path, bytes);
    expect((await collect({ order: "newest" }))[1]).toEqual({ damaged: true, offset, endOffset });
  });

  it("by zeros behind which there are good lines is damage, and no torn tail", async () => {
    await appendBodies(path, said(1, 2, 3, 4));
    const lines = await collect({ order: "oldest" });
    const bytes = await readFile(path);
    // Over the newline between them: two lines have become one.
    bytes.fill(0, (lines[1]?.offset ?? 0) + 20, (lines[2]?.offset ?? 0) + 20);
    await writeFile(path, bytes);
    expect(await read("oldest")).toEqual([1, "damaged", 4]);
    expect(await read("newest")).toEqual([4, "damaged", 1]);
    const { offset = 0 } = lines[3] ?? {};
    expect(await collect({ order: "newest", to: offset })).toMatchObject([
      { damaged: true },
      { body: { seq: 1 } },
    ]);
  });

  it("stays where it is when more is saved, and what is saved is readable", async () => {
    await appendBodies(path, said(1, 2, 3));
    const lines = await collect({ order: "oldest" });
    for (const index of [0, 1, 2]) {
      const bytes = await readFile(path);
      bytes.fill("x", (lines[index]?.offset ?? 0) + 30, (lines[index]?.offset ?? 0) + 34);
      await writeFile(path, bytes);
    }
    await appendBodies(path, said(4));
    await appendBodies(path, said(5));
    expect(await read()).toEqual(["damaged", "damaged", "damaged", 4, 5]);
  });

  it("between lines that are written anew goes with them", async () => {
    await appendBodies(path, said(1, 2, 3));
    const [, second] = await collect({ order: "oldest" });
    const bytes = await readFile(path);
    bytes.fill("x", (second?.offset ?? 0) + 30, (second?.offset ?? 0) + 34);
    await writeFile(path, bytes);
    await appendBodies(path, said(1, 2, 3));
    expect(await read()).toEqual([1, 2, 3]);
  });

  it("anywhere never gives a body that was not put in, and both orders agree", async () => {
    await appendBodies(path, said(1, 2, 3, 4, 5, 6));
    const whole = await readFile(path);
    const places = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.constantFrom(0, 0x0a, 0x78)), {
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(places, fc.nat(whole.length), async (changes, cut) => {
        const bytes = Buffer.from(whole.subarray(0, whole.length - Math.floor(cut / 4)));
        for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
        await writeFile(path, bytes);
        const found = await collect({ order: "oldest" });
        const known = new Map(said(1, 2, 3, 4, 5, 6).map((body) => [body.seq, body]));
        for (const one of found) if ("body" in one) expect(one.body).toEqual(known.get(one.body.seq));
        expect(await collect({ order: "newest" })).toEqual(found.toReversed());
      }),
      { numRuns: 100 },
    );
  });
});
