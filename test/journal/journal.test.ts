import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { diskOperations } from "../../src/disk/operations.js";
import { JournalUnavailableError } from "../../src/journal/index.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";
import { SimulatedDisk } from "./simulatedDisk.js";
import { append, diskError, intercept, JOURNAL, open, readAll, turn, until } from "./support.js";

describe("appends", () => {
  it("numbers every event and settles in order when they are durable", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk);
    const settled: string[] = [];
    const body = { at: 1, up: 2 };
    expect(journal.append({ ...body, events: ["a", "b"] }, () => settled.push("ab"))).toBe(2);
    journal.whenDurable(() => settled.push("saw ab"));
    expect(journal.append({ ...body, events: ["c"], key: { k: 1 } }, () => settled.push("c"))).toBe(3);
    expect([journal.head, journal.committed, settled]).toEqual([3, 0, []]);
    await until(() => settled.length === 3);
    expect(settled).toEqual(["ab", "saw ab", "c"]);
    expect([journal.head, journal.committed]).toEqual([3, 3]);
    await journal.close();

    const again = await open(disk);
    expect(again.records).toEqual([
      { seq: 2, at: 1, up: 2, events: ["a", "b"] },
      { seq: 3, at: 1, up: 2, events: ["c"], key: { k: 1 } },
    ]);
    expect(again.journal.head).toBe(3);
    await again.journal.close();
    expect(disk.openCount).toBe(0);
  });

  it("writes what it is given as the text of key and events, and reads it back like the others", async () => {
    const disk = new SimulatedDisk();
    const contentText = ({ events }: { events: readonly unknown[] }): string =>
      `"events":["${events.join(" ")}"]}`;
    const { journal } = await open(disk, { contentText });
    await append(journal, "a", "b");
    expect(await readAll(journal)).toEqual([{ seq: 2, at: 1, up: 2, events: ["a b"] }]);
    await journal.close();
  });

  it("writes once and syncs once for one turn, and once more for what comes during the sync", async () => {
    const calls: string[] = [];
    const disk = intercept(new SimulatedDisk(), (name) => {
      if (name === "writeSync" || name === "fdatasync") calls.push(name);
      return undefined;
    });
    const { journal } = await open(disk, { roomBytes: 0 });
    const first = Promise.all([append(journal, "a"), append(journal, "b"), append(journal, "c")]);
    await until(() => calls.length === 2);
    const second = Promise.all([append(journal, "d"), append(journal, "e")]);
    const seen = new Promise<void>((resolve) => journal.whenDurable(() => resolve()));
    await Promise.all([first, second, seen]);
    expect(calls).toEqual(["writeSync", "fdatasync", "writeSync", "fdatasync"]);
    await journal.close();
  });

  it("answers at once who sees a durable head, and with the sync who sees what is in flight", async () => {
    const { journal } = await open(new SimulatedDisk());
    const settled: string[] = [];
    journal.whenDurable(() => settled.push("empty"));
    expect(settled).toEqual(["empty"]);
    journal.append({ at: 1, up: 2, events: ["a"] }, () => settled.push("a"));
    await turn();
    expect(journal.committed).toBe(0);
    journal.whenDurable(() => settled.push("saw a"));
    await until(() => settled.length === 3);
    expect(settled).toEqual(["empty", "a", "saw a"]);
    await journal.close();
  });

  it("splits a batch that is too long for one write, and keeps who waits with the record", async () => {
    let syncs = 0;
    const counted = intercept(new SimulatedDisk(), (name) => {
      if (name === "fdatasync") syncs++;
      return undefined;
    });
    const { journal } = await open(counted);
    const long = "x".repeat(5 * 1024 * 1024);
    const settled: string[] = [];
    const note = (name: string) => () => settled.push(`${name} at ${syncs}`);
    journal.append({ at: 1, up: 1, events: [long] }, note("first"));
    journal.whenDurable(note("saw first"));
    journal.append({ at: 1, up: 1, events: [long] }, note("second"));
    journal.append({ at: 1, up: 1, events: ["z"] }, note("third"));
    await until(() => settled.length === 4);
    // Each is told when the next sync has begun already.
    expect(settled).toEqual(["first at 2", "saw first at 2", "second at 3", "third at 3"]);
    await journal.close();
  });

  it("refuses what cannot be written, and changes nothing by it", async () => {
    const { journal } = await open(new SimulatedDisk());
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const none = () => undefined;
    expect(() => journal.append({ at: 1, up: 2, events: [circular] }, none)).toThrow(TypeError);
    expect(() => journal.append({ at: 1.5, up: 2, events: [1] }, none)).toThrow('"at"');
    expect(() => journal.append({ at: 1, up: NaN, events: [1] }, none)).toThrow('"up"');
    expect(() => journal.append({ at: 1, up: 2, events: [] }, none)).toThrow("no event");
    expect(() => journal.append({ at: 1, up: 2, events: ["x".repeat(33 * 1024 * 1024)] }, none)).toThrow(
      RangeError,
    );
    expect(journal.head).toBe(0);
    await journal.close();
    expect(() => journal.append({ at: 1, up: 2, events: [1] }, none)).toThrow(JournalUnavailableError);
  });

  it("makes everything durable before it closes", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk);
    journal.append({ at: 1, up: 2, events: ["a"] }, () => undefined);
    await journal.close();
    expect((await open(disk)).texts).toEqual(["a"]);
  });

  it("waits for a replay that is asynchronous, record by record", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk);
    await append(journal, "a");
    await append(journal, "b");
    await journal.close();
    const order: string[] = [];
    await open(disk, {
      replay: async ({ seq }) => {
        order.push(`begin ${seq}`);
        await turn();
        order.push(`end ${seq}`);
      },
    });
    expect(order).toEqual(["begin 1", "end 1", "begin 2", "end 2"]);
  });
});

describe("segments", () => {
  it("are begun when the old one is full, and read across", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk, { segmentBytes: 300 });
    for (let i = 0; i < 20; i++) await append(journal, `event ${i}`, "second");
    await until(() => journal.health.segments > 5);
    expect((await readAll(journal)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 20 }, (_, i) => 2 * i + 2),
    );
    await journal.close();
    const again = await open(disk, { segmentBytes: 300 });
    expect(again.records).toHaveLength(20);
    expect((await readAll(again.journal, 39)).map(({ seq }) => seq)).toEqual([40]);
    await again.journal.close();
  });

  it("do not pile up when starts write nothing", async () => {
    const disk = new SimulatedDisk();
    for (let i = 0; i < 5; i++) await (await open(disk)).journal.close();
    expect([...disk.files().keys()].filter((path) => path.startsWith(JOURNAL))).toHaveLength(2);
  });

  it("do not pile up when starts write little", async () => {
    const disk = new SimulatedDisk();
    const texts: string[] = [];
    for (let start = 0; start < 20; start++) {
      const opened = await open(disk, { rewriteBytes: 2_000 });
      expect(opened.texts).toEqual(texts);
      texts.push(`event ${start}`.padEnd(100, "."));
      await append(opened.journal, texts.at(-1));
      expect(await readAll(opened.journal)).toHaveLength(texts.length);
      await opened.journal.close();
    }
    expect((await open(disk)).journal.health.segments).toBeLessThan(6);
  });

  it("go on growing while a new one cannot be begun", async () => {
    const disk = new SimulatedDisk();
    let broken = false;
    const { journal, failures, fatals } = await open(
      intercept(disk, (name) => (broken && name === "open" ? diskError("EMFILE") : undefined)),
      { segmentBytes: 200 },
    );
    broken = true;
    for (let i = 0; i < 6; i++) await append(journal, `event ${i}`);
    expect(journal.health.segments).toBe(1);
    broken = false;
    for (let i = 6; i < 9; i++) await append(journal, `event ${i}`);
    await until(() => journal.health.segments > 1);
    await journal.close();
    expect([failures, fatals]).toEqual([[], []]);
    expect((await open(disk)).texts).toHaveLength(9);
  });
});

describe("on a real disk", () => {
  const folder = temporaryFolders();

  it("it is the same, in private folders and files", async () => {
    const root = await folder();
    const places = {
      journalDir: join(root, "data", "journal"),
      snapshotDir: join(root, "data", "snapshots"),
    };
    const options = { ...places, segmentBytes: 500, keepBytes: 0 };
    const texts: string[] = [];
    for (let start = 0; start < 3; start++) {
      const opened = await open(diskOperations, options);
      expect(opened.texts).toEqual(texts);
      for (let i = 0; i < 6; i++) {
        texts.push(`event ${start} ${i}`);
        await append(opened.journal, texts.at(-1));
      }
      await opened.journal.snapshot(texts);
      texts.push("after the snapshot");
      await append(opened.journal, texts.at(-1));
      await opened.journal.close();
    }
    for (const place of Object.values(places)) {
      expect((await stat(place)).mode & 0o777).toBe(0o700);
      for (const name of await readdir(place)) {
        expect((await stat(join(place, name))).mode & 0o777).toBe(0o600);
      }
    }
  });
});
