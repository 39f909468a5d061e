import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";

import type { Body, FoundBody } from "../../src/content/bodyFile.js";
import type { BodyRange, BodyStore } from "../../src/content/bodyStore.js";
import { FileBodies } from "../../src/content/fileBodies.js";
import { MemoryBodies } from "../../src/content/memoryBodies.js";
import { folderName, type FolderOwner, outputPaths } from "../../src/content/places.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

interface Said extends Body {
  readonly text: string;
}

const STORES = { files: FileBodies, memory: MemoryBodies };
const newFolder = temporaryFolders();
const one: FolderOwner = { sessionId: "s", createdSeq: 1 };
const later: FolderOwner = { sessionId: "s", createdSeq: 9 };

function said(...seqs: number[]): Said[] {
  return seqs.map((seq) => ({ seq, text: `body ${seq}, ${"é\n".repeat(seq)}` }));
}

describe.each(["files", "memory"] as const)("bodies in %s", (kind) => {
  let contentDir: string;
  let store: BodyStore;
  beforeEach(async () => {
    contentDir = await newFolder();
    store = new STORES[kind](contentDir);
  });

  async function collect(range: BodyRange, owner = one): Promise<FoundBody<Said>[]> {
    const all: FoundBody<Said>[] = [];
    for await (const found of store.read<Said>(owner, "activities", range)) all.push(found);
    return all;
  }

  async function seqs(owner = one, order: BodyRange["order"] = "oldest"): Promise<(number | undefined)[]> {
    return (await collect({ order }, owner)).map((found) => ("body" in found ? found.body.seq : undefined));
  }

  it("are given back as they were put in, in both orders", async () => {
    await store.append(one, "activities", said(1, 2, 5));
    const found = await collect({ order: "oldest" });
    expect(found.map((item) => ("body" in item ? item.body : item))).toEqual(said(1, 2, 5));
    expect(await collect({ order: "newest" })).toEqual(found.toReversed());
  });

  it("are copies, without what JSON drops", async () => {
    const body = { seq: 1, text: "before", dropped: undefined };
    await store.append(one, "activities", [body]);
    body.text = "after";
    const [found] = await collect({ order: "oldest" });
    expect(found).toMatchObject({ body: { seq: 1, text: "before" } });
    expect(Object.keys(found !== undefined && "body" in found ? found.body : {})).toEqual(["seq", "text"]);
  });

  it("are of one owner and one kind", async () => {
    await store.append(one, "activities", said(1, 3));
    await store.append(one, "conversation", said(2));
    await store.append(later, "activities", said(10));
    expect([await seqs(one), await seqs(later)]).toEqual([[1, 3], [10]]);
    expect(await seqs({ sessionId: "other", createdSeq: 1 })).toEqual([]);
  });

  it("may be staged for an owner that is still to be, and stand before all that comes later", async () => {
    const staged = await store.stage();
    for (const seq of [-2, -1]) await staged.add("activities", { seq });
    await staged.seal();
    expect(await seqs()).toEqual([]);
    store.place(one, staged.token);
    await store.syncPlaced();
    store.place(one, staged.token);
    await store.append(one, "activities", said(3));
    expect(await seqs()).toEqual([-2, -1, 3]);
    expect(await store.bytesBefore(one, "activities", 0)).toBeGreaterThan(0);
  });

  it("S2.2 bring the output of commands along, which lies in files whatever the store", async () => {
    const [placed, discarded, left] = [await store.stage(), await store.stage(), await store.stage()];
    for (const staged of [placed, discarded, left]) {
      await staged.addOutput("c", "stdout", Buffer.from("one "));
      await staged.addOutput("c", "stdout", Buffer.from("two"));
      await staged.seal();
    }
    store.place(one, placed.token);
    store.place(one, placed.token);
    await discarded.discard();
    await store.removeStaged();
    expect(await readFile(outputPaths(contentDir, one, "c").stdoutPath, "utf8")).toBe("one two");
    expect(await readdir(join(contentDir, ".staged"))).toEqual([]);
    await store.remove(one);
    expect(await readdir(contentDir)).toEqual([".staged"]);
  });

  it("are gone where they were staged and are not wanted", async () => {
    const [discarded, left] = [await store.stage(), await store.stage()];
    for (const staged of [discarded, left]) {
      await staged.add("activities", { seq: -1 });
      await staged.seal();
    }
    await discarded.discard();
    await store.removeStaged();
    for (const { token } of [discarded, left]) store.place(one, token);
    expect(await seqs()).toEqual([]);
  });

  it("are none for nothing", async () => {
    await store.append(one, "activities", []);
    expect(await seqs()).toEqual([]);
    expect(await readdir(contentDir)).toEqual([]);
    expect(await store.bytesBefore(one, "activities", 5)).toBe(0);
  });

  it("are not doubled by a save that is repeated, also with more or with fewer", async () => {
    await store.append(one, "activities", said(1, 2, 3));
    await store.append(one, "activities", said(2, 3));
    expect(await seqs()).toEqual([1, 2, 3]);
    await store.append(one, "activities", said(1, 2, 3, 4));
    expect(await seqs()).toEqual([1, 2, 3, 4]);
    await store.append(one, "activities", said(3));
    expect(await seqs()).toEqual([1, 2, 3]);
  });

  it("are found by a number that grows with them", async () => {
    await store.append(one, "activities", said(1, 2, 5));
    const found = await collect({ order: "oldest" });
    const seek = (least: number): Promise<number> => store.seek(one, "activities", { key: "seq", least });
    expect(await Promise.all([0, 2, 3, 5].map(seek))).toEqual([0, 1, 2, 2].map((at) => found[at]?.offset));
    expect(await seek(6)).toBe(found[2]?.endOffset);
    expect(await store.seek(later, "activities", { key: "seq", least: 1 })).toBe(0);
  });

  it("have offsets from which reading goes on", async () => {
    await store.append(one, "activities", said(1, 2, 3, 4));
    const found = await collect({ order: "oldest" });
    for (const [index, { offset, endOffset }] of found.entries()) {
      expect(await collect({ order: "oldest", from: offset })).toEqual(found.slice(index));
      expect(await collect({ order: "oldest", from: endOffset })).toEqual(found.slice(index + 1));
      expect(await collect({ order: "newest", to: offset })).toEqual(found.slice(0, index).toReversed());
      expect(await collect({ order: "newest", to: endOffset })).toEqual(
        found.slice(0, index + 1).toReversed(),
      );
    }
  });

  it("say how much comes before a seq, which later saves do not change", async () => {
    await store.append(one, "activities", said(1, 3));
    const before = await store.bytesBefore(one, "activities", 5);
    expect(before).toBe((await collect({ order: "newest" }))[0]?.endOffset);
    await store.append(one, "activities", said(5, 6));
    expect(await store.bytesBefore(one, "activities", 5)).toBe(before);
    expect(await store.bytesBefore(one, "activities", 1)).toBe(0);
  });

  it("go with their owner, and with what lies beside them, and nobody else's do", async () => {
    await store.append(one, "activities", said(1));
    await store.append(one, "conversation", said(2));
    await store.append(later, "activities", said(10));
    await mkdir(join(contentDir, folderName(one), "output"), { recursive: true });
    await store.remove(one);
    await store.remove({ sessionId: "never", createdSeq: 3 });
    expect([await seqs(one), await seqs(later)]).toEqual([[], [10]]);
    expect(await readdir(contentDir)).not.toContain(folderName(one));
    expect([...store.inMemory()].every(({ owner }) => owner === later)).toBe(true);
  });

  it("may be read while they are replaced", async () => {
    await store.append(one, "activities", said(1, 2, 3, 4));
    for (const order of ["newest", "oldest"] as const) {
      const reading = store.read<Said>(one, "activities", { order })[Symbol.asyncIterator]();
      await reading.next();
      await store.append(one, "activities", said(2, 3));
      const rest: number[] = [];
      for (let next = await reading.next(); next.done !== true; next = await reading.next()) {
        if ("body" in next.value) rest.push(next.value.body.seq);
      }
      expect(rest.every((seq) => seq >= 1 && seq <= 4)).toBe(true);
    }
    expect(await seqs()).toEqual([1, 2, 3]);
  });

  it("are, after any saves, what the last of them said", async () => {
    const batch = fc.record({ from: fc.integer({ min: 1, max: 20 }), count: fc.nat(4) });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 6 }), async (batches) => {
        round += 1;
        const owner = { sessionId: `r${round}`, createdSeq: 1 };
        let expected: number[] = [];
        for (const { from, count } of batches) {
          const added = Array.from({ length: count }, (_, index) => from + index);
          if (count > 0) expected = [...expected.filter((seq) => seq < from), ...added];
          await store.append(owner, "activities", said(...added));
        }
        expect(await seqs(owner)).toEqual(expected);
        expect(await seqs(owner, "newest")).toEqual(expected.toReversed());
      }),
      { numRuns: 20 },
    );
  });
});

describe("bodies that are nowhere but in memory", () => {
  it("can all be had, in the order of their seqs", async () => {
    const contentDir = await newFolder();
    const [files, memory] = [new FileBodies(contentDir), new MemoryBodies(contentDir)];
    for (const store of [files, memory]) {
      await store.append(one, "activities", said(1, 4));
      await store.append(one, "conversation", said(2, 3));
    }
    expect(files.inMemory()).toEqual([]);
    const all = [...memory.inMemory()].map(({ owner, kind, body }) => [owner, kind, body.seq]);
    expect(all).toEqual([
      [one, "activities", 1],
      [one, "conversation", 2],
      [one, "conversation", 3],
      [one, "activities", 4],
    ]);
  });

  it("let others in between when many are read", async () => {
    const memory = new MemoryBodies(await newFolder());
    await memory.append(one, "activities", said(...Array.from({ length: 2_500 }, () => 1)));
    let isOthersTurn = false;
    setImmediate(() => (isOthersTurn = true));
    let count = 0;
    for await (const _ of memory.read(one, "activities", { order: "newest" })) count += 1;
    expect(count).toBe(2_500);
    expect(isOthersTurn).toBe(true);
  });
});
