import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { FileBodies } from "../../src/content/fileBodies.js";
import { MemoryBodies } from "../../src/content/memoryBodies.js";
import { bodyPath } from "../../src/content/places.js";
import type { Session } from "../../src/session/state.js";
import { Bodies } from "../../src/supervisor/bodies.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";
import { CONFIG, session } from "../session/samples.js";
import { add, one, readAll, upTo } from "./bodyPages.js";

const newFolder = temporaryFolders();
let contentDir: string;
let store: FileBodies;
beforeEach(async () => {
  contentDir = await newFolder();
  store = new FileBodies(contentDir);
});

const path = (owner: Session = one): string => bodyPath(contentDir, owner, "activities");

describe("saving", () => {
  it("brings each session's bodies into its own file, once", async () => {
    const bodies = new Bodies({ store });
    const other = session({ sessionId: "other", createdSeq: 5 });
    add(bodies, [1, 3]);
    add(bodies, [6], other);
    await bodies.save();
    await bodies.save();
    expect((await readFile(path(), "utf8")).match(/"seq":\d+,"at"/g)).toEqual([
      '"seq":1,"at"',
      '"seq":3,"at"',
    ]);
    expect(await readdir(contentDir)).toEqual(["other~5", "s~1"]);
    expect(bodies.entries()).toEqual([]);
  });

  it("leaves out what the file has already, as after a start", async () => {
    const bodies = new Bodies({ store });
    add(bodies, upTo(4));
    await bodies.save();
    const replayed = new Bodies({ store });
    add(replayed, [2, 3, 4, 5]);
    expect(await readAll(replayed, { order: "oldest", limit: 2 })).toEqual(upTo(5));
    expect(await readAll(replayed, { order: "newest", limit: 2 })).toEqual(upTo(5).toReversed());
    await replayed.save();
    expect(await readAll(new Bodies({ store }), { order: "oldest", limit: 100 })).toEqual(upTo(5));
  });

  it("leaves the rest in the journal when its time is over", async () => {
    const bodies = new Bodies({ store });
    add(bodies, upTo(2));
    await bodies.save(undefined, -1);
    expect(bodies.entries()).toHaveLength(2);
    expect(await readdir(contentDir)).toEqual([]);
    await bodies.save(undefined, 60_000);
    expect(bodies.entries()).toEqual([]);
  });

  it("takes what is due, counted from the first body that is not saved", async () => {
    const bodies = new Bodies({ store });
    const quick = session({ sessionId: "quick", config: { ...CONFIG, autoSaveIntervalMs: 100 } });
    add(bodies, [1], one, 1_000);
    add(bodies, [2], quick, 1_000);
    add(bodies, [3], quick, 1_090);
    const unsaved = (): string[] => bodies.entries().map(({ sessionId }) => sessionId);
    await bodies.save(1_099);
    expect(unsaved()).toEqual(["s", "quick", "quick"]);
    await bodies.save(1_100);
    expect(unsaved()).toEqual(["s"]);
    await bodies.save(6_000);
    expect(unsaved()).toEqual([]);
  });

  it("counts the time anew for what came in while it ran, and after a failure", async () => {
    const bodies = new Bodies({ store });
    add(bodies, [1], one, 0);
    const saving = bodies.save(5_000);
    await turn();
    add(bodies, [2], one, 5_000);
    await saving;
    const unsaved = (): number[] => bodies.entries().map(({ body }) => body.seq);
    await bodies.save(9_999);
    expect(unsaved()).toEqual([2]);
    await bodies.save(10_000);
    expect(unsaved()).toEqual([]);
    await rm(join(contentDir, "s~1"), { recursive: true });
    await writeFile(join(contentDir, "s~1"), "in the way");
    add(bodies, [3], one, 10_000);
    await expect(bodies.save(15_000)).rejects.toMatchObject({ code: "ENOTDIR" });
    await bodies.save(19_999);
    await expect(bodies.save(20_000)).rejects.toMatchObject({ code: "ENOTDIR" });
    expect(unsaved()).toEqual([3]);
  });

  it("keeps what comes in while it runs for the next time, and comes to its end", async () => {
    const bodies = new Bodies({ store });
    add(bodies, [1]);
    let count = 1;
    let isFeeding = true;
    const feed = (): void => {
      if (!isFeeding) return;
      add(bodies, [++count]);
      setImmediate(feed);
    };
    feed();
    await bodies.save();
    isFeeding = false;
    expect(count).toBeGreaterThan(2);
    expect(bodies.entries().length).toBeGreaterThan(0);
    expect(await readAll(bodies, { order: "oldest", limit: 1_000 })).toEqual(upTo(count));
    await bodies.save();
    expect(bodies.entries()).toEqual([]);
    expect(await readAll(bodies, { order: "oldest", limit: 1_000 })).toEqual(upTo(count));
  });

  it("may be asked for many times at once", async () => {
    const bodies = new Bodies({ store });
    const saves: Promise<void>[] = [];
    for (const seq of upTo(20)) {
      add(bodies, [seq]);
      saves.push(bodies.save());
      if (seq % 4 === 0) await turn();
    }
    await Promise.all(saves);
    await bodies.save();
    expect(await readAll(new Bodies({ store }), { order: "oldest", limit: 7 })).toEqual(upTo(20));
  });

  it("that fails leaves the bodies where they are, and holds up no other session", async () => {
    const bodies = new Bodies({ store });
    const other = session({ sessionId: "other", createdSeq: 5 });
    add(bodies, [1, 2]);
    add(bodies, [6], other);
    await writeFile(join(contentDir, "s~1"), "in the way");
    await expect(bodies.save()).rejects.toMatchObject({ code: "ENOTDIR" });
    expect(bodies.entries().map(({ body }) => body.seq)).toEqual([1, 2]);
    expect(await readFile(path(other), "utf8")).toContain('"seq":6');
    await rm(join(contentDir, "s~1"));
    await bodies.save();
    expect(await readAll(bodies, { order: "oldest", limit: 5 })).toEqual([1, 2]);
  });

  it("is urgent when much is unsaved, and no longer once it is saved or removed", async () => {
    const bodies = new Bodies({ store });
    const large = "x".repeat(1024 * 1024);
    const record = (owner: Session, count: number): void => {
      for (let seq = 1; seq <= count; seq++) {
        bodies.add(owner, { kind: "activities", body: { seq, at: 0, action: "wrote", details: large } }, 0);
      }
    };
    record(one, 7);
    expect(bodies.isFull).toBe(false);
    record(session({ sessionId: "other" }), 1);
    expect(bodies.isFull).toBe(true);
    await bodies.remove(session({ sessionId: "other" }));
    expect(bodies.isFull).toBe(false);
    record(session({ sessionId: "third" }), 1);
    expect(bodies.isFull).toBe(true);
    await bodies.save();
    expect(bodies.isFull).toBe(false);
    record(one, 7);
    expect(bodies.isFull).toBe(false);
  });

  it("that is urgent is one for all who ask; it pauses after a failure, which is told of once", async () => {
    const told: string[] = [];
    const bodies = new Bodies({ store, log: { warn: (_, message) => void told.push(message) } });
    const save = vi.spyOn(bodies, "save");
    const now = vi.spyOn(performance, "now").mockReturnValue(0);
    onTestFinished(() => now.mockRestore());
    expect(bodies.saveIfFull()).toBeUndefined();
    const body = { seq: 1, at: 0, action: "wrote", details: "x".repeat(9 * 1024 * 1024) };
    bodies.add(one, { kind: "activities", body }, 0);
    await writeFile(join(contentDir, "s~1"), "in the way");
    const first = bodies.saveIfFull();
    expect(bodies.saveIfFull()).toBe(first);
    await first;
    now.mockReturnValue(9_999);
    expect(bodies.saveIfFull()).toBeUndefined();
    now.mockReturnValue(10_000);
    await bodies.saveIfFull();
    expect([save.mock.calls.length, told.length, bodies.isFull]).toEqual([2, 1, true]);
    await rm(join(contentDir, "s~1"));
    now.mockReturnValue(20_000);
    await bodies.saveIfFull();
    expect([save.mock.calls.length, told.length, bodies.isFull]).toEqual([3, 1, false]);
  });
});

describe("a snapshot", () => {
  it("holds what is not saved, and gives it back", async () => {
    const bodies = new Bodies({ store });
    add(bodies, [1]);
    await bodies.save();
    add(bodies, [2, 3]);
    const entries = JSON.parse(JSON.stringify(bodies.entries())) as ReturnType<Bodies["entries"]>;
    const restored = new Bodies({ store });
    for (const { sessionId: _, ...body } of entries) restored.add(one, body, 0);
    expect(restored.entries()).toEqual(bodies.entries());
    expect(await readAll(restored, { order: "oldest", limit: 2 })).toEqual([1, 2, 3]);
  });
});

describe("a snapshot of a daemon in memory", () => {
  it("holds what is saved as well, once, also while it is being saved", async () => {
    const bodies = new Bodies({ store: new MemoryBodies(contentDir) });
    const seqs = (): number[] => bodies.entries().map(({ body }) => body.seq);
    add(bodies, [1, 2]);
    await bodies.save();
    expect(seqs()).toEqual([1, 2]);
    add(bodies, [3]);
    const saving = bodies.save();
    for (let turns = 0; turns < 5; turns++) {
      expect(seqs()).toEqual([1, 2, 3]);
      await Promise.resolve();
    }
    await saving;
    expect(seqs()).toEqual([1, 2, 3]);
    await bodies.remove(one);
    expect(seqs()).toEqual([]);
  });
});

describe("removing", () => {
  it("takes what is saved and what is not, also while it is being saved", async () => {
    const bodies = new Bodies({ store });
    add(bodies, [1, 2]);
    await bodies.save();
    add(bodies, [3]);
    const saving = bodies.save();
    await turn();
    await Promise.all([bodies.remove(one), saving]);
    expect(bodies.entries()).toEqual([]);
    expect(await readdir(contentDir)).toEqual([]);
    await bodies.save();
    expect(await readdir(contentDir)).toEqual([]);
  });

  it("is overtaken by no save that waited", async () => {
    const bodies = new Bodies({ store });
    add(bodies, [1]);
    const first = bodies.save();
    const second = bodies.save();
    await Promise.all([bodies.remove(one), first, second]);
    expect(await readdir(contentDir)).toEqual([]);
  });

  it("touches no later session of the same id", async () => {
    const bodies = new Bodies({ store });
    const later = session({ createdSeq: 9 });
    add(bodies, [2]);
    await bodies.save();
    const removing = bodies.remove(one);
    add(bodies, [10], later);
    await removing;
    await bodies.save();
    expect(await readdir(contentDir)).toEqual(["s~9"]);
    expect(await readAll(bodies, { order: "oldest", limit: 5, owner: later })).toEqual([10]);
  });

  it("finds nothing to do where nothing was kept", async () => {
    await new Bodies({ store: new FileBodies(join(contentDir, "not-made")) }).remove(one);
    await new Bodies({ store }).remove(one);
    await mkdir(join(contentDir, "s~2"));
    await new Bodies({ store }).remove(one);
    expect(await readdir(contentDir)).toEqual(["s~2"]);
  });
});
