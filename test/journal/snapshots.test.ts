import { describe, expect, it } from "vitest";
import { ReplayGapError, type StoredRecord } from "../../src/journal/index.js";
import { SimulatedDisk } from "./simulatedDisk.js";
import { append, diskError, intercept, JOURNAL, open, readAll, SNAPSHOTS, turn } from "./support.js";

const isSegment = (path: unknown): boolean => /journal\/\d+\.jsonl$/.test(String(path));

describe("snapshots and compaction", () => {
  const small = { segmentBytes: 200, keepBytes: 0, minimumSnapshotBytes: 100 };

  it("restores the newest, replays the rest, and keeps two", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk);
    for (const [index, text] of ["a", "b", "c"].entries()) {
      await append(journal, text);
      expect(await journal.snapshot(["a", "b", "c"].slice(0, index + 1))).toBe(index + 1);
    }
    expect(await journal.snapshot(["never asked for"])).toBe(3);
    await append(journal, "d");
    expect(journal.health).toMatchObject({ state: "ok", snapshotSeq: 3 });
    await journal.close();
    expect([...disk.files().keys()].filter((path) => path.startsWith(SNAPSHOTS))).toEqual([
      `${SNAPSHOTS}/0000000000000002.jsonl`,
      `${SNAPSHOTS}/0000000000000003.jsonl`,
    ]);
    const again = await open(disk);
    expect(again.entries).toEqual(["a", "b", "c"]);
    expect(again.records.map(({ events }) => events)).toEqual([["d"]]);
    expect(again.journal.health.bytesSinceSnapshot).toBe(journal.health.bytesSinceSnapshot);
    await again.journal.close();
  });

  it("is pinned at the call, while appends go on", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk);
    await append(journal, "a");
    const many = Array.from({ length: 5_000 }, () => "x".repeat(1_000));
    const taken = journal.snapshot(many);
    expect(journal.snapshot([])).toBe(taken);
    expect(journal.needsSnapshot()).toBe(false);
    await append(journal, "b");
    expect(await taken).toBe(1);
    const again = await open(disk);
    expect(again.entries).toHaveLength(5_000);
    expect(again.records.map(({ events }) => events)).toEqual([["b"]]);
  });

  it("are due when the journal outgrew the last one", async () => {
    const { journal } = await open(new SimulatedDisk(), { minimumSnapshotBytes: 300 });
    const appends = async () => {
      let count = 0;
      for (; !journal.needsSnapshot(); count++) await append(journal, "some text");
      return count;
    };
    const first = await appends();
    await journal.snapshot(["x".repeat(2_000)]);
    expect(await appends()).toBeGreaterThan(3 * first);
    await journal.close();
  });

  it("are not asked for again at once after a failure", async () => {
    let nowMs = 0;
    let broken = true;
    const disk = new SimulatedDisk();
    const { journal } = await open(
      intercept(disk, (name, args) =>
        broken && name === "rename" && String(args[1]).startsWith(SNAPSHOTS) ? diskError("EIO") : undefined,
      ),
      { ...small, nowMs: () => nowMs },
    );
    await append(journal, "a");
    await append(journal, "b");
    expect(journal.needsSnapshot()).toBe(true);
    await expect(journal.snapshot([])).rejects.toThrow("EIO");
    expect(journal.needsSnapshot()).toBe(false);
    nowMs = 10_000;
    expect(journal.needsSnapshot()).toBe(true);
    broken = false;
    await journal.snapshot(["a", "b"]);
    expect([...disk.files().keys()].filter((path) => path.endsWith(".tmp"))).toEqual([]);
    await journal.close();
  });

  it("removes segments below the older of two, and readers are told of the gap", async () => {
    const { journal } = await open(new SimulatedDisk(), small);
    for (let i = 0; i < 10; i++) await append(journal, `event ${i}`);
    await journal.snapshot([]);
    expect(journal.oldestSeq).toBe(1);
    for (let i = 0; i < 10; i++) await append(journal, `event ${i}`);
    await journal.snapshot([]);
    expect(journal.oldestSeq).toBeGreaterThan(5);
    expect(journal.oldestSeq).toBeLessThanOrEqual(11);
    await expect(readAll(journal, 3)).rejects.toThrow(ReplayGapError);
    await expect(readAll(journal, 3)).rejects.toMatchObject({ oldestSeq: journal.oldestSeq });
    expect(await readAll(journal, journal.oldestSeq - 1)).toHaveLength(21 - journal.oldestSeq);
    await journal.close();
  });

  it.each([
    ["so many bytes", { ...small, keepBytes: 1_000_000 }],
    ["so long", { ...small, keepBytes: 1_000_000, keepMs: 500 }],
  ])("keeps segments for readers, but only %s", async (_, options) => {
    const { journal } = await open(new SimulatedDisk(), options);
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) await append(journal, `event ${i}`);
      await journal.snapshot([]);
    }
    if ("keepMs" in options) expect(journal.oldestSeq).toBeGreaterThan(1);
    else expect(journal.oldestSeq).toBe(1);
    await journal.close();
  });

  it("removes nothing that an open read still needs", async () => {
    const { journal } = await open(new SimulatedDisk(), small);
    for (let i = 0; i < 10; i++) await append(journal, `event ${i}`);
    const reading = journal.read(0);
    expect((await reading.next()).value?.seq).toBe(1);
    for (let round = 0; round < 2; round++) {
      await append(journal, "more");
      await journal.snapshot([]);
    }
    expect(journal.oldestSeq).toBe(1);
    await reading.return(undefined);
    await append(journal, "more");
    await journal.snapshot([]);
    expect(journal.oldestSeq).toBeGreaterThan(5);
    await journal.close();
  });

  it("removes nothing that a read needs which began while it was removing", async () => {
    let onRemoval: (path: string) => void = () => undefined;
    const { journal } = await open(
      intercept(new SimulatedDisk(), (name, args) => {
        if (name === "unlink" && isSegment(args[0])) onRemoval(String(args[0]));
        return undefined;
      }),
      small,
    );
    for (let i = 0; i < 10; i++) await append(journal, `event ${i}`);
    await journal.snapshot([]);
    await append(journal, "more");
    let reading: AsyncGenerator<StoredRecord> | undefined;
    let first: Promise<IteratorResult<StoredRecord>> | undefined;
    onRemoval = () => {
      reading ??= journal.read(journal.oldestSeq - 1);
      first ??= reading.next();
    };
    await journal.snapshot([]);
    const seqs = [(await first)?.value.seq];
    for await (const { seq } of reading ?? []) seqs.push(seq);
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => 12 - seqs.length + index));
    expect(seqs.length).toBeGreaterThan(5);
    expect(journal.oldestSeq).toBe(seqs[0]);
    await journal.close();
  });

  it("does not list a segment whose file is gone, also when its removal could not be synced", async () => {
    const calls: string[] = [];
    let isBroken = false;
    const { journal } = await open(
      intercept(new SimulatedDisk(), (name, args) => {
        if (name === "unlink" && isSegment(args[0])) calls.push("unlink");
        if (name !== "open" || args[0] !== JOURNAL) return undefined;
        calls.push("open folder");
        return isBroken && calls.includes("unlink") ? diskError("EMFILE") : undefined;
      }),
      small,
    );
    for (let i = 0; i < 10; i++) await append(journal, `event ${i}`);
    await journal.snapshot([]);
    await append(journal, "more");
    isBroken = true;
    await expect(journal.snapshot([])).rejects.toThrow("EMFILE");
    expect(journal.oldestSeq).toBeGreaterThan(1);
    await expect(readAll(journal, 0)).rejects.toThrow(ReplayGapError);
    expect(await readAll(journal, journal.oldestSeq - 1)).toHaveLength(12 - journal.oldestSeq);
    isBroken = false;
    await append(journal, "even more");
    // A segment that this began has its name after a few turns.
    for (let i = 0; i < 10; i++) await turn();
    calls.length = 0;
    await journal.snapshot([]);
    // First the removal whose sync failed is made durable: a power cut must not bring that segment back alone.
    expect(calls.slice(0, 2)).toEqual(["open folder", "unlink"]);
    await journal.close();
  });

  it("leaves no gap when a removal fails, and goes on with it the next time", async () => {
    const disk = new SimulatedDisk();
    let broken = true;
    const { journal } = await open(
      intercept(disk, (name, args) =>
        broken && name === "unlink" && isSegment(args[0]) ? diskError("EIO") : undefined,
      ),
      small,
    );
    const round = async () => {
      for (let i = 0; i < 4; i++) await append(journal, `event ${i}`);
      return journal.snapshot([]);
    };
    await round();
    await expect(round()).rejects.toThrow("EIO");
    expect(journal.oldestSeq).toBe(1);
    broken = false;
    await round();
    expect(journal.oldestSeq).toBeGreaterThan(3);
    await journal.close();
    await (await open(disk, small)).journal.close();
  });

  it("refuses an entry that JSON cannot hold, and leaves nothing behind", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk);
    await append(journal, "a");
    await expect(journal.snapshot([undefined])).rejects.toThrow(TypeError);
    expect([...disk.files().keys()].filter((path) => path.startsWith(SNAPSHOTS))).toEqual([]);
    await journal.close();
  });
});
