import { describe, expect, it } from "vitest";
import { bytesOf, changed, flips, linesOf, outcome, segmentPath } from "./damaged.js";
import { SimulatedDisk } from "./simulatedDisk.js";
import { append, diskError, intercept, JOURNAL, journalOf, open, SNAPSHOTS } from "./support.js";

const FIRST = segmentPath(1);
const TEXTS = ["one", "two", "three", "four"];
const RECORDS = [["one"], ["two", "three"], ["four"]];

describe("a journal cut at any byte", () => {
  it("starts, with a prefix of the records, and goes on from there", async () => {
    const disk = await journalOf(RECORDS);
    const bytes = bytesOf(disk, FIRST);
    const seen = new Set<number>();
    for (let size = 0; size <= bytes.length; size++) {
      const cut = changed(disk, FIRST, bytes.subarray(0, size));
      const first = await open(cut);
      expect(TEXTS.slice(0, first.texts.length)).toEqual(first.texts);
      seen.add(first.texts.length);
      await append(first.journal, "next");
      await first.journal.close();
      const kept = first.notices[0] === undefined ? "" : bytesOf(cut, first.notices[0].savedAs).toString();
      expect(bytes.subarray(0, size).toString().endsWith(kept)).toBe(true);
      expect(await outcome(cut)).toEqual([...first.texts, "next"]);
    }
    // Never half of a record: "two" and "three" come together.
    expect([...seen]).toEqual([0, 1, 3, 4]);
  });

  it("does so in the last of several segments, too", async () => {
    const disk = await journalOf([["one"]]);
    for (const events of RECORDS.slice(1)) {
      const { journal } = await open(disk);
      await append(journal, ...events);
      await journal.close();
    }
    const last =
      [...disk.files().keys()]
        .filter((path) => path.endsWith(".jsonl"))
        .sort()
        .at(-1) ?? "";
    const bytes = bytesOf(disk, last);
    for (let size = 0; size <= bytes.length; size++) {
      const cut = changed(disk, last, bytes.subarray(0, size));
      const texts = await outcome(cut);
      expect(TEXTS.slice(0, texts.length)).toEqual(texts);
      expect(await outcome(cut)).toEqual(texts);
    }
  });

  it("is damaged if that is not the last segment, or if a snapshot knows better", async () => {
    const disk = await journalOf([["one"]]);
    const { journal } = await open(disk);
    await append(journal, "two", "three");
    await journal.close();
    await (await open(disk)).journal.close();
    const path = [...disk.files().keys()].filter((name) => name.endsWith(".jsonl")).sort()[0] ?? "";
    const last =
      [...disk.files().keys()]
        .filter((name) => name.endsWith(".jsonl"))
        .sort()
        .at(-1) ?? "";
    expect(path).not.toBe(last);
    const headerBytes = linesOf(bytesOf(disk, path))[0]?.length ?? 0;
    for (const size of [0, 10, headerBytes, headerBytes + 1, headerBytes + 20]) {
      const cut = changed(disk, path, bytesOf(disk, path).subarray(0, size));
      expect(await outcome(cut)).toBe("damaged");
    }

    const { journal: third } = await open(disk);
    await third.snapshot(["one", "two", "three"]);
    await third.close();
    expect(await outcome(disk.copy())).toEqual(["one", "two", "three"]);
    expect(await outcome(changed(disk, last, bytesOf(disk, last).subarray(0, -2)))).toBe("damaged");
    const without = disk.copy();
    for (const name of without.files().keys()) if (name.startsWith(JOURNAL)) without.drop(name);
    expect(await outcome(without)).toBe("damaged");
    for (const name of disk.files().keys()) {
      if (name.startsWith(SNAPSHOTS)) without.put(name, Buffer.from("no snapshot"));
    }
    expect(await outcome(without)).toBe("damaged");
  });
});

describe("room behind the last record", () => {
  const zeros = Buffer.alloc(1_000);

  it("counts as nothing, and is not worth a word", async () => {
    const disk = await journalOf(RECORDS);
    const bytes = Buffer.concat([bytesOf(disk, FIRST), zeros]);
    const { texts, notices, journal } = await open(changed(disk, FIRST, bytes));
    expect([texts, notices]).toEqual([TEXTS, []]);
    await journal.close();
  });

  it("is what a kill -9 leaves, and a stop in order does not", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk);
    await append(journal, "one");
    const killed = disk.copy();
    expect(bytesOf(killed, FIRST).at(-1)).toBe(0);
    const { texts, notices } = await open(killed);
    expect([texts, notices]).toEqual([["one"], []]);
    await journal.close();
    expect(bytesOf(disk, FIRST).at(-1)).toBe(0x0a);
  });

  it("may follow a record that is cut at any byte", async () => {
    const disk = await journalOf(RECORDS);
    const bytes = bytesOf(disk, FIRST);
    const seen = new Set<number>();
    const headerBytes = linesOf(bytes)[0]?.length ?? 0;
    for (let size = headerBytes + 1; size <= bytes.length; size++) {
      const cut = changed(disk, FIRST, Buffer.concat([bytes.subarray(0, size), zeros]));
      const { texts, journal } = await open(cut);
      expect(TEXTS.slice(0, texts.length)).toEqual(texts);
      seen.add(texts.length);
      await append(journal, "next");
      await journal.close();
      expect(await outcome(cut)).toEqual([...texts, "next"]);
    }
    expect([...seen]).toEqual([0, 1, 3, 4]);
  });

  it("hides no changed bit, neither before it nor in it", async () => {
    const disk = await journalOf(RECORDS);
    const bytes = Buffer.concat([bytesOf(disk, FIRST), Buffer.alloc(40)]);
    for (const [bit, flipped] of flips(bytes)) {
      expect([bit, await outcome(changed(disk, FIRST, flipped))]).toEqual([bit, "damaged"]);
    }
  });
});

describe("a header cut off", () => {
  it("is damage if the segment before it has lost something, too", async () => {
    const disk = await journalOf([["one"], ["two"]]);
    await (await open(disk)).journal.close();
    const short = changed(disk, segmentPath(2), "");
    expect(await outcome(short)).toEqual(["one", "two"]);
    const both = changed(disk, segmentPath(2), "");
    const [header = "", first = ""] = linesOf(bytesOf(disk, FIRST));
    both.put(FIRST, Buffer.from(`${header}\n${first.slice(0, 30)}`));
    expect(await outcome(both)).toBe("damaged");
  });

  it("is not taken for one when the rest of the file is there", async () => {
    const disk = await journalOf([["x".repeat(600)], ["two"]]);
    const bytes = Buffer.from(bytesOf(disk, FIRST));
    bytes.fill(0, 0, 512);
    expect(await outcome(changed(disk, FIRST, bytes))).toBe("damaged");
  });

  it("can be removed at the next start if it could not at this one", async () => {
    const disk = await journalOf([["one"], ["two"], ["three"]], { segmentBytes: 1 });
    const torn = changed(disk, segmentPath(4), bytesOf(disk, segmentPath(4)).subarray(0, 20));
    const stuck = intercept(torn, (name) => (name === "unlink" ? diskError("EIO") : undefined));
    await expect(open(stuck)).rejects.toThrow("EIO");
    expect(torn.openCount).toBe(0);
    expect(await outcome(torn)).toEqual(["one", "two", "three"]);
  });
});

describe("a single changed bit", () => {
  it("anywhere in the journal is damage", async () => {
    const disk = await journalOf(RECORDS);
    const bytes = bytesOf(disk, FIRST);
    for (const [bit, flipped] of flips(bytes)) {
      expect([bit, await outcome(changed(disk, FIRST, flipped))]).toEqual([bit, "damaged"]);
    }
  });

  it("anywhere in a segment before the last, and in one below a snapshot, is damage", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk, { segmentBytes: 1 });
    for (const text of ["a", "b", "c"]) await append(journal, text);
    await journal.snapshot(["a", "b", "c"]);
    await journal.close();
    for (const path of [FIRST, segmentPath(3)]) {
      const bytes = bytesOf(disk, path);
      for (const [bit, flipped] of flips(bytes)) {
        expect([bit, await outcome(changed(disk, path, flipped))]).toEqual([bit, "damaged"]);
      }
    }
  });

  it("in the newest snapshot is reported, and the one before it taken", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk);
    for (const [index, text] of ["a", "b", "c"].entries()) {
      await append(journal, text);
      if (index > 0) await journal.snapshot(["a", "b", "c"].slice(0, index + 1));
    }
    await journal.close();
    const path = `${SNAPSHOTS}/0000000000000003.jsonl`;
    const bytes = bytesOf(disk, path);
    for (const [bit, flipped] of flips(bytes)) {
      const copy = changed(disk, path, flipped);
      const opened = await open(copy);
      expect([bit, opened.texts]).toEqual([bit, ["a", "b", "c"]]);
      expect(opened.notices).toMatchObject([{ kind: "damaged-snapshot", savedAs: `${path}.damaged` }]);
      expect(copy.files().has(path)).toBe(false);
      await opened.journal.close();
    }
  });
});

describe("pages that never arrived", () => {
  /** A journal of which the last batch, with several records, is not claimed by anything. */
  async function withLastBatch(
    ...later: string[]
  ): Promise<{ disk: SimulatedDisk; bytes: Buffer; batchAt: number }> {
    const disk = await journalOf([["one"]]);
    const path = [...disk.files().keys()].find((name) => name.endsWith(".jsonl")) ?? "";
    const { journal } = await open(disk);
    const before = bytesOf(disk, path).length;
    await Promise.all(Array.from({ length: 12 }, (_, i) => append(journal, `${i}`.padEnd(150, "."))));
    for (const text of later) await append(journal, text);
    await journal.close();
    return { disk, bytes: bytesOf(disk, path), batchAt: before };
  }

  it("in the last batch are torn off from the first, in any combination", async () => {
    const { disk, bytes, batchAt } = await withLastBatch();
    const firstSector = Math.ceil(batchAt / 512);
    const sectors = Math.ceil(bytes.length / 512) - firstSector;
    for (let mask = 1; mask < 1 << Math.min(sectors, 5); mask++) {
      const torn = Buffer.from(bytes);
      for (let sector = 0; sector < sectors; sector++) {
        const from = (firstSector + sector) * 512;
        if (mask & (1 << sector)) torn.fill(0, from, Math.min(from + 512, torn.length));
      }
      const copy = changed(disk, FIRST, torn);
      const texts = await outcome(copy);
      expect(texts).not.toBe("damaged");
      expect(texts.length).toBeLessThan(13);
      expect(await outcome(copy)).toEqual(texts);
    }
    const start = Buffer.from(bytes);
    start.fill(0, batchAt, firstSector * 512);
    expect(await outcome(changed(disk, FIRST, start))).toEqual(["one"]);
  });

  it("are damage where something behind them was written after they were durable", async () => {
    const { disk, bytes } = await withLastBatch("later");
    const torn = Buffer.from(bytes);
    torn.fill(0, 512, 1024);
    expect(await outcome(changed(disk, FIRST, torn))).toBe("damaged");
    const { disk: unclaimed, bytes: same } = await withLastBatch();
    const lost = Buffer.from(same);
    lost.fill(0, 512, 1024);
    expect(await outcome(changed(unclaimed, FIRST, lost))).toHaveLength(2);
  });

  it("are not what zeros anywhere else look like", async () => {
    const { disk, bytes } = await withLastBatch();
    for (const [from, to] of [
      [700, 701],
      [700, 1024],
      [1024, 1500],
      [1100, 1500],
    ] as const) {
      const torn = Buffer.from(bytes);
      torn.fill(0, from, to);
      expect([from, to, await outcome(changed(disk, FIRST, torn))]).toEqual([from, to, "damaged"]);
    }
  });
});
