import { describe, expect, it } from "vitest";

import { checkedLine } from "../../src/disk/checkedLine.js";
import { performRepair, prepareRepair } from "../../src/journal/repair.js";
import { verifyJournal } from "../../src/journal/verify.js";
import { OtherFormatError, type JournalOptions } from "../../src/journal/index.js";
import { bytesOf, changed, flips, linesOf, outcome, segmentPath } from "./damaged.js";
import { SimulatedDisk } from "./simulatedDisk.js";
import { append, diskError, intercept, JOURNAL, open, SNAPSHOTS } from "./support.js";

const FOLDERS = { journalDir: JOURNAL, snapshotDir: SNAPSHOTS };
const NOW_MS = Date.UTC(2026, 10, 21, 13, 25, 8, 123);
const COPIES = `${JOURNAL}/repair-20261121T132508123Z`;
const FIRST = segmentPath(1);
const snapshotPath = (seq: number): string => segmentPath(seq).replace(JOURNAL, SNAPSHOTS);

interface Given {
  readonly disk: SimulatedDisk;
  /** Every event, in order. */
  readonly texts: readonly string[];
}

/** A journal with records of one or two events; a snapshot is taken after each seq of `snapshots`. */
async function given(
  count: number,
  snapshots: readonly number[],
  options: Partial<JournalOptions> = {},
): Promise<Given> {
  const disk = new SimulatedDisk();
  const { journal } = await open(disk, options);
  const texts: string[] = [];
  for (let i = 0; i < count; i++) {
    const events = i % 2 === 0 ? [`e${i}`] : [`e${i}a`, `e${i}b`];
    texts.push(...events);
    await append(journal, ...events);
    if (snapshots.includes(journal.committed)) await journal.snapshot(texts.slice(0, journal.committed));
  }
  await journal.close();
  return { disk, texts };
}

interface Damage {
  readonly what: string;
  readonly disk: SimulatedDisk;
  /** Where the damage begins. */
  readonly offset: number;
}

/** Every way to damage one file: lose it, cut it, drop or double a line, zero a sector, change a bit. */
function* damages(disk: SimulatedDisk, path: string, isThorough: boolean): Generator<Damage> {
  const bytes = bytesOf(disk, path);
  const put = (what: string, content: Buffer | string, offset: number): Damage => {
    return { what: `${path} ${what}`, disk: changed(disk, path, content), offset };
  };
  const lost = disk.copy();
  lost.drop(path);
  yield { what: `${path} lost`, disk: lost, offset: 0 };
  for (let size = 0; size < bytes.length; size += isThorough ? 1 : 3)
    yield put(`cut at ${size}`, bytes.subarray(0, size), size);
  const lines = linesOf(bytes);
  let offset = 0;
  for (const [at, line] of lines.entries()) {
    const textOf = (left: string[]): string => left.map((each) => `${each}\n`).join("");
    yield put(`without line ${at}`, textOf(lines.toSpliced(at, 1)), offset);
    offset += line.length + 1;
    yield put(`with line ${at} twice`, textOf(lines.toSpliced(at, 0, line)), offset);
  }
  for (let from = 0; from < bytes.length; from += 512) {
    const zeroed = Buffer.from(bytes).fill(0, from, Math.min(from + 512, bytes.length));
    yield put(`zeroed from ${from}`, zeroed, from);
  }
  for (const [bit, flipped] of flips(bytes)) {
    if (isThorough || bit % 19 === 0) yield put(`with bit ${bit} changed`, flipped, bit >> 3);
  }
}

/** The least that has to be kept: every record before the damage, and every snapshot beside it. */
function leastKept({ disk, damage, path }: { disk: SimulatedDisk; damage: Damage; path: string }): number {
  let seq = 0;
  for (const [name, bytes] of disk.files()) {
    if (!name.endsWith(".jsonl")) continue;
    if (name.startsWith(SNAPSHOTS) && name !== path) seq = Math.max(seq, Number(name.slice(-22, -6)));
    if (!name.startsWith(JOURNAL) || (path.startsWith(JOURNAL) && name > path)) continue;
    const whole = name === path ? bytes.subarray(0, damage.offset) : bytes;
    for (const line of linesOf(whole)) {
      const { seq: ofRecord = 0 } = JSON.parse(line) as { seq?: number };
      seq = Math.max(seq, ofRecord);
    }
  }
  return seq;
}

/** Repairs a disk and holds what comes of it against what was there. */
async function repairAndCheck(disk: SimulatedDisk, texts: readonly string[], least: number): Promise<void> {
  const asIs = await outcome(disk.copy());
  const before = disk.files();
  const { verification, plan } = await prepareRepair({ ...FOLDERS, operations: disk });
  expect(disk.files()).toEqual(before);
  expect(verification.verdict === "damaged").toBe(asIs === "damaged");
  if (plan === undefined) return;
  expect(plan.endSeq).toBeGreaterThanOrEqual(least);
  const folder = await performRepair(plan, { ...FOLDERS, operations: disk, nowMs: NOW_MS });
  expect(disk.openCount).toBe(0);
  // Nothing is destroyed: what is not where it was is among the copies.
  for (const [path, bytes] of before) {
    if (disk.files().get(path)?.equals(bytes) === true) continue;
    const copy = path.replace(JOURNAL, `${folder}/journal`).replace(SNAPSHOTS, `${folder}/snapshots`);
    expect(disk.files().get(copy)).toEqual(bytes);
  }
  expect((await verifyJournal({ ...FOLDERS, operations: disk })).verdict).not.toBe("damaged");
  expect((await prepareRepair({ ...FOLDERS, operations: disk })).plan).toBeUndefined();
  const found = await open(disk);
  expect(found.texts).toEqual(texts.slice(0, plan.endSeq));
  expect(found.journal.oldestSeq).toBe(plan.oldestSeq);
  expect(plan.lost?.fromSeq ?? texts.length + 1).toBe(plan.endSeq + 1);
  if (plan.lost?.isExact === true) expect(plan.lost.toSeq).toBeLessThanOrEqual(texts.length);
  await append(found.journal, "next");
  await found.journal.close();
  expect(await outcome(disk)).toEqual([...found.texts, "next"]);
}

describe("a single damage", () => {
  it.each([
    ["one segment", 2, [], {}, true],
    ["a segment for each record", 4, [], { segmentBytes: 1 }, false],
    ["records on both sides of a snapshot", 6, [3], {}, false],
    ["a snapshot at the end", 3, [4], {}, false],
    ["segments on both sides of two snapshots", 7, [3, 6], { segmentBytes: 320 }, false],
    ["segments that are compacted", 7, [3, 6], { segmentBytes: 320, keepMs: 0, keepBytes: 0 }, false],
  ] as const)(
    "in %s leaves a folder that starts, with nothing that was not there",
    async (_, count, snapshots, options, isThorough) => {
      const { disk, texts } = await given(count, snapshots, options);
      for (const path of disk.files().keys()) {
        if (!path.endsWith(".jsonl")) continue;
        for (const damage of damages(disk, path, isThorough)) {
          const least = leastKept({ disk, damage, path });
          await repairAndCheck(damage.disk, texts, least).catch((error: unknown) => {
            throw new Error(`${damage.what}: ${String(error)}`, { cause: error });
          });
        }
      }
    },
    120_000,
  );
});

async function planOf(disk: SimulatedDisk) {
  const { plan } = await prepareRepair({ ...FOLDERS, operations: disk });
  if (plan === undefined) throw new Error("nothing is to be repaired");
  return plan;
}

function flippedAt(disk: SimulatedDisk, path: string, offset: number): SimulatedDisk {
  const bytes = Buffer.from(bytesOf(disk, path));
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  return changed(disk, path, bytes);
}

describe("a plan", () => {
  it("loses nothing to a header, and writes back what was there", async () => {
    const { disk } = await given(4, [], { segmentBytes: 1 });
    const path = segmentPath(2);
    const damaged = flippedAt(disk, path, 30);
    const plan = await planOf(damaged);
    expect(plan).toMatchObject({ snapshotSeq: 0, endSeq: 6, oldestSeq: 1, lost: undefined, touched: [path] });
    expect(await performRepair(plan, { ...FOLDERS, operations: damaged, nowMs: NOW_MS })).toBe(COPIES);
    expect(bytesOf(damaged, path)).toEqual(bytesOf(disk, path));
  });

  it("loses what follows a damaged record, and says exactly what", async () => {
    const { disk } = await given(4, [], { segmentBytes: 1 });
    const damaged = flippedAt(disk, segmentPath(2), bytesOf(disk, segmentPath(2)).length - 10);
    const plan = await planOf(damaged);
    expect(plan).toMatchObject({ endSeq: 1, lost: { fromSeq: 2, toSeq: 6, isExact: true } });
    expect(plan.touched).toEqual([2, 4, 5, 7].map(segmentPath));
    expect(plan.removed).toEqual([4, 5, 7].map(segmentPath));
  });

  it("loses nothing below a snapshot, and keeps what can be read behind the damage", async () => {
    const { disk, texts } = await given(6, [6], { segmentBytes: 1 });
    const damaged = flippedAt(disk, segmentPath(2), bytesOf(disk, segmentPath(2)).length - 10);
    const plan = await planOf(damaged);
    expect(plan).toMatchObject({ snapshotSeq: 6, endSeq: texts.length, oldestSeq: 4, lost: undefined });
    expect(plan.removed).toEqual([1, 2].map(segmentPath));
  });

  it("goes on from a snapshot in the middle of a segment, and shifts the segments behind it", async () => {
    const { disk, texts } = await given(9, [6], { segmentBytes: 500 });
    const segments = [...disk.files().keys()].filter(
      (name) => name.startsWith(JOURNAL) && name.endsWith("l"),
    );
    expect(segments.length).toBeGreaterThan(1);
    const plan = await planOf(flippedAt(disk, FIRST, bytesOf(disk, FIRST).indexOf("e0")));
    expect(plan).toMatchObject({ endSeq: texts.length, oldestSeq: 2, lost: undefined });
    expect(plan.segments.every(({ write }) => write !== undefined)).toBe(true);
  });

  it("begins anew where nothing is whole, and does not claim to know what was lost", async () => {
    const { disk } = await given(3, [4]);
    const damaged = changed(changed(disk, FIRST, "nothing\n"), snapshotPath(4), "nothing");
    const plan = await planOf(damaged);
    expect(plan).toMatchObject({ endSeq: 0, oldestSeq: 1, lost: { fromSeq: 1, toSeq: 4, isExact: false } });
    expect(plan.removed).toEqual([snapshotPath(4)]);
    await performRepair(plan, { ...FOLDERS, operations: damaged, nowMs: NOW_MS });
    expect(await outcome(damaged)).toEqual([]);
  });

  it("does not put two histories together", async () => {
    const { disk } = await given(4, [], { segmentBytes: 1 });
    const other = new SimulatedDisk();
    const { journal } = await open(other, { segmentBytes: 1 });
    for (const text of ["x", "y"]) await append(journal, text);
    await journal.close();
    disk.put(FIRST, bytesOf(other, FIRST));
    const plan = await planOf(disk);
    expect(plan).toMatchObject({ endSeq: 1, lost: { fromSeq: 2, toSeq: 6, isExact: true } });
    await performRepair(plan, { ...FOLDERS, operations: disk, nowMs: NOW_MS });
    expect(await outcome(disk)).toEqual(["x"]);
  });

  it("keeps a longer history rather than a snapshot of another one", async () => {
    const { disk, texts } = await given(5, []);
    const other = new SimulatedDisk();
    const { journal } = await open(other);
    for (const text of ["x", "y"]) await append(journal, text);
    await journal.snapshot(["x", "y"]);
    await journal.close();
    disk.put(snapshotPath(2), bytesOf(other, snapshotPath(2)));
    expect(await outcome(disk.copy())).toBe("damaged");
    const plan = await planOf(disk);
    expect(plan).toMatchObject({ snapshotSeq: 0, endSeq: texts.length, removed: [snapshotPath(2)] });
    await performRepair(plan, { ...FOLDERS, operations: disk, nowMs: NOW_MS });
    expect(await outcome(disk)).toEqual(texts);
  });
});

it("leaves a journal alone that another version wrote", async () => {
  const { disk } = await given(2, []);
  const [, ...records] = linesOf(bytesOf(disk, FIRST));
  const { line } = checkedLine({ journal: 2, first: 1, chain: "00000000", previous: null }, 0);
  const newer = changed(disk, FIRST, `${line}${records.join("\n")}\n`);
  const before = newer.files();
  for (const look of [prepareRepair, verifyJournal, () => open(newer)])
    await expect(look({ ...FOLDERS, operations: newer })).rejects.toBeInstanceOf(OtherFormatError);
  expect(newer.files()).toEqual(before);
});

describe("a repair that is interrupted", () => {
  it("at any call to the disk leaves a folder that is damaged still, or repaired", async () => {
    const { disk, texts } = await given(6, [6], { segmentBytes: 1 });
    const lossy = flippedAt(disk, segmentPath(7), bytesOf(disk, segmentPath(7)).length - 10);
    for (const damaged of [
      lossy,
      flippedAt(disk, segmentPath(2), 30),
      flippedAt(disk, segmentPath(4), 150),
    ]) {
      const { endSeq } = await planOf(damaged);
      for (let call = 0, isDone = false; !isDone; call++) {
        const copy = damaged.copy();
        let calls = 0;
        const failing = intercept(copy, () => (calls++ >= call ? diskError("EIO") : undefined));
        const repaired = performRepair(await planOf(copy), {
          ...FOLDERS,
          operations: failing,
          nowMs: NOW_MS,
        });
        isDone = await repaired.then(
          () => true,
          () => false,
        );
        const found = await outcome(copy.copy());
        if (found !== "damaged") expect(found).toEqual(texts.slice(0, endSeq));
        // A copy, since a disk that fails leaves files open.
        else await repairAndCheck(copy.copy(), texts, endSeq);
      }
    }
  });

  it("uses a folder of its own when another was made in the same instant", async () => {
    const { disk } = await given(2, []);
    const damaged = flippedAt(disk, FIRST, 30);
    await damaged.mkdir(COPIES);
    const folder = await performRepair(await planOf(damaged), {
      ...FOLDERS,
      operations: damaged,
      nowMs: NOW_MS,
    });
    expect(folder).toBe(COPIES.replace("123Z", "124Z"));
  });

  it("says so where the folder does not read as planned", async () => {
    const { disk } = await given(2, []);
    const damaged = flippedAt(disk, FIRST, 30);
    const plan = { ...(await planOf(damaged)), endSeq: 7 };
    await expect(performRepair(plan, { ...FOLDERS, operations: damaged, nowMs: NOW_MS })).rejects.toThrow(
      /did not lead to what was planned.*repair-2026/,
    );
  });
});
