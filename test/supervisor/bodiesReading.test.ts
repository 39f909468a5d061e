import { readFile, writeFile } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";

import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";

import type { BodyStore } from "../../src/content/bodyStore.js";
import { FileBodies } from "../../src/content/fileBodies.js";
import { MemoryBodies } from "../../src/content/memoryBodies.js";
import { bodyPath } from "../../src/content/places.js";
import { LIMITS } from "../../src/protocol/limits.js";
import { Bodies } from "../../src/supervisor/bodies.js";
import type { BodyCursor } from "../../src/supervisor/bodyPage.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";
import { session } from "../session/samples.js";
import { add, one, readAll, upTo } from "./bodyPages.js";

const newFolder = temporaryFolders();
const STORES = { files: FileBodies, memory: MemoryBodies };

describe.each(["files", "memory"] as const)("reading with bodies saved in %s", (kind) => {
  let store: BodyStore;
  beforeEach(async () => (store = new STORES[kind](await newFolder())));

  it("gives a body back as it was recorded, from memory and from the file", async () => {
    const bodies = new Bodies({ store });
    add(bodies, [3]);
    const expected = {
      items: [{ seq: 3, at: 30, action: "action 3", details: { seq: 3 } }],
      next: undefined,
    };
    expect(await bodies.read(one, "activities", { order: "oldest", limit: 5 })).toEqual(expected);
    await bodies.save();
    expect(await bodies.read(one, "activities", { order: "oldest", limit: 5 })).toEqual(expected);
    expect(await new Bodies({ store }).read(one, "activities", { order: "newest", limit: 5 })).toEqual(
      expected,
    );
  });

  it("gives nothing for a session that has nothing", async () => {
    const bodies = new Bodies({ store });
    for (const order of ["newest", "oldest"] as const) {
      expect(await bodies.read(one, "activities", { order, limit: 5 })).toEqual({
        items: [],
        next: undefined,
      });
    }
  });

  it("goes page by page over file and memory, in both orders, whatever is saved in between", async () => {
    const run = fc.record({
      order: fc.constantFrom<("newest" | "oldest")[]>("newest", "oldest"),
      limit: fc.integer({ min: 1, max: 5 }),
      saved: fc.nat(6),
      unsaved: fc.nat(6),
      savesAt: fc.subarray([1, 2, 3, 4]),
      addsAt: fc.subarray([1, 2, 3]),
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(run, async ({ order, limit, saved, unsaved, savesAt, addsAt }) => {
        round += 1;
        const owner = session({ sessionId: `s${round}` });
        const bodies = new Bodies({ store });
        let count = saved;
        add(bodies, upTo(saved), owner);
        await bodies.save();
        for (count = saved; count < saved + unsaved; count++) add(bodies, [count + 1], owner);
        const before = count;
        const between = async (page: number): Promise<void> => {
          if (addsAt.includes(page)) add(bodies, [++count], owner);
          if (savesAt.includes(page)) await bodies.save();
        };
        const all = await readAll(bodies, { order, limit, owner, between });
        // What comes in meanwhile is behind the oldest first, and before the newest: there it is not looked for.
        if (order === "newest") expect(all).toEqual(upTo(before).toReversed());
        else expect(all).toEqual(upTo(count));
      }),
      { numRuns: 60 },
    );
  });

  it.each(["newest", "oldest"] as const)("ends a page, %s first, that has become long", async (order) => {
    const bodies = new Bodies({ store });
    const half = "x".repeat(Math.ceil(LIMITS.pageLength / 2));
    for (const seq of upTo(7)) {
      bodies.add(one, { kind: "activities", body: { seq, at: 0, action: "wrote", details: half } }, 0);
      if (seq === 4) await bodies.save();
    }
    const pages: number[][] = [];
    let cursor: BodyCursor | undefined;
    do {
      const { items, next } = await bodies.read(one, "activities", { order, limit: 1_000, cursor });
      pages.push(items.map((item) => ("seq" in item ? item.seq : NaN)));
      cursor = next;
    } while (cursor !== undefined);
    expect(pages.flat()).toEqual(order === "oldest" ? upTo(7) : upTo(7).toReversed());
    expect(pages.map((page) => page.length)).toEqual([2, 2, 2, 1]);
  });

  it("misses nothing and repeats nothing while a save runs", async () => {
    const bodies = new Bodies({ store });
    let count = 0;
    for (let round = 0; round < 15; round++) {
      for (let more = 0; more < 5; more++) add(bodies, [++count]);
      const saving = bodies.save();
      for (let turns = 0; turns < round; turns++) await turn();
      const [newest, oldest] = await Promise.all([
        readAll(bodies, { order: "newest", limit: 100 }),
        readAll(bodies, { order: "oldest", limit: 100 }),
        saving,
      ]);
      expect(oldest).toEqual(upTo(count));
      expect(newest).toEqual(upTo(count).toReversed());
    }
  });
});

describe("reading what is damaged", () => {
  let contentDir: string;
  let store: BodyStore;
  beforeEach(async () => {
    contentDir = await newFolder();
    store = new FileBodies(contentDir);
  });
  const path = (): string => bodyPath(contentDir, one, "activities");

  it.each(["newest", "oldest"] as const)(
    "goes past damage, %s first, with pages of any size",
    async (order) => {
      const bodies = new Bodies({ store });
      add(bodies, upTo(6));
      await bodies.save();
      const lines = (await readFile(path(), "utf8")).split("\n");
      for (const index of [0, 2, 3, 5]) lines[index] = (lines[index] ?? "").replace("action", "axtion");
      await writeFile(path(), lines.join("\n"));
      add(bodies, [7, 8]);
      const expected = ["damaged", 2, "damaged", "damaged", 5, "damaged", 7, 8] as const;
      for (let limit = 1; limit < 10; limit++) {
        const all = await readAll(bodies, { order, limit });
        expect(all).toEqual(order === "oldest" ? [...expected] : expected.toReversed());
      }
      // Saved meanwhile, the pages go on where they were.
      const saved = await readAll(bodies, { order, limit: 1, between: () => bodies.save() });
      expect(saved).toEqual(order === "oldest" ? [...expected] : expected.toReversed());
    },
  );

  it.each(["newest", "oldest"] as const)(
    "passes over what is written anew, damage included, %s first, as after a crash",
    async (order) => {
      const before = new Bodies({ store });
      add(before, upTo(7));
      await before.save();
      const lines = (await readFile(path(), "utf8")).split("\n");
      for (const index of [1, 4, 6]) lines[index] = (lines[index] ?? "").replace("action", "axtion");
      await writeFile(path(), lines.join("\n"));
      const bodies = new Bodies({ store });
      add(bodies, [4, 5, 6, 7]);
      for (let limit = 1; limit < 9; limit++) {
        const all = await readAll(bodies, { order, limit });
        const expected = [1, "damaged", 3, 4, 5, 6, 7] as const;
        expect(all).toEqual(order === "oldest" ? [...expected] : expected.toReversed());
      }
    },
  );

  it("does not go back to what came in since, when all that it has seen is damaged", async () => {
    const bodies = new Bodies({ store });
    add(bodies, upTo(3));
    await bodies.save();
    const text = await readFile(path(), "utf8");
    await writeFile(path(), text.replace("action 3", "action 4"));
    const between = (): Promise<void> => Promise.resolve(add(bodies, [9]));
    expect(await readAll(bodies, { order: "newest", limit: 1, between })).toEqual(["damaged", 2, 1]);
  });

  it("says where damage is", async () => {
    const bodies = new Bodies({ store });
    add(bodies, [1, 2]);
    await bodies.save();
    const text = await readFile(path(), "utf8");
    const offset = text.indexOf("\n") + 1;
    await writeFile(path(), text.replace("action 2", "action 3"));
    const { items } = await bodies.read(one, "activities", { order: "newest", limit: 9 });
    expect(items[0]).toEqual({ damaged: true, offset });
  });
});
