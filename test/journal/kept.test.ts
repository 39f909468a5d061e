import { describe, expect, it } from "vitest";

import { JournalDamagedError, type JournalOptions } from "../../src/journal/index.js";
import { verifyJournal } from "../../src/journal/verify.js";
import { bytesOf, changed, flips, linesOf, segmentPath } from "./damaged.js";
import { SimulatedDisk } from "./simulatedDisk.js";
import { append, diskError, intercept, JOURNAL, open, readAll, SNAPSHOTS, turn } from "./support.js";

const FOLDERS = { journalDir: JOURNAL, snapshotDir: SNAPSHOTS };
const TEXTS = ["a", "b", "c", "d", "e", "f"];

/** Segments of two records, and one without any; a snapshot covers the first four of six records. */
async function keptDisk(): Promise<{ readonly disk: SimulatedDisk; readonly firsts: number[] }> {
  const disk = new SimulatedDisk();
  const { journal } = await open(disk, { segmentBytes: 200, roomBytes: 0 });
  for (const [index, text] of TEXTS.entries()) {
    await append(journal, text);
    for (let turns = 0; turns < 10; turns++) await turn();
    if (index === 3) await journal.snapshot(TEXTS.slice(0, 4));
  }
  await journal.close();
  const names = [...disk.files().keys()].filter(
    (path) => path.startsWith(JOURNAL) && path.endsWith(".jsonl"),
  );
  return { disk, firsts: names.map((path) => Number(path.slice(-22, -6))).sort((a, b) => a - b) };
}

/** What a start and the check behind it say; each reading that has been begun ends. */
async function damageIn(
  disk: SimulatedDisk,
  options: Partial<JournalOptions> = {},
): Promise<JournalDamagedError | undefined> {
  const opened = await open(disk, options).catch((error: unknown) => error);
  if (opened instanceof JournalDamagedError) return opened;
  if (opened instanceof Error) throw opened;
  const { journal, texts } = opened as Awaited<ReturnType<typeof open>>;
  expect(texts).toEqual(TEXTS);
  const error = await journal.checkKept().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(journal.health.damage).toBe(error instanceof Error ? error.message : undefined);
  if (error !== undefined) await expect(readAll(journal)).rejects.toThrow(JournalDamagedError);
  else expect((await readAll(journal)).flatMap(({ events }) => events)).toEqual(TEXTS);
  await journal.close();
  expect(disk.openCount).toBe(0);
  return error as JournalDamagedError | undefined;
}

describe("segments that are kept for readers alone", () => {
  it("are told from those that the state depends on", async () => {
    const { firsts } = await keptDisk();
    expect(firsts).toEqual([1, 3, 5, 7]);
  });

  it("are read at their ends by a start, and as a whole by the check behind it, once", async () => {
    const disk = new SimulatedDisk();
    const options = { segmentBytes: 1_000_000, roomBytes: 0 };
    const first = await open(disk, options);
    const text = "x".repeat(10_000);
    for (let record = 0; record < 500; record++) await append(first.journal, text);
    await first.journal.snapshot(["state"]);
    await first.journal.close();
    const { sizeBytes } = first.journal.health;
    let readBytes = 0;
    const counted = intercept(disk, (name, args) => {
      if (name === "read") readBytes += Number(args[3]);
      return undefined;
    });
    const { journal, records } = await open(counted, options);
    expect(records).toEqual([]);
    expect(sizeBytes).toBeGreaterThan(5_000_000);
    expect(readBytes).toBeLessThan(2_500_000);
    readBytes = 0;
    await Promise.all([journal.checkKept(), journal.checkKept()]);
    await journal.checkKept();
    expect(readBytes).toBeGreaterThan(4_000_000);
    expect(readBytes).toBeLessThan(8_000_000);
    expect(journal.health.damage).toBeUndefined();
    // Where the records are is remembered: a reader in the middle begins near them.
    readBytes = 0;
    expect(await readAll(journal, 90, 91)).toHaveLength(1);
    expect(readBytes).toBeLessThan(600_000);
    await journal.close();
  });

  it("show every changed bit, by the start or behind it, with its place; verify finds it as well", async () => {
    const { disk, firsts } = await keptDisk();
    let byStart = 0;
    let behind = 0;
    for (const first of firsts.slice(0, 2)) {
      const path = segmentPath(first);
      const bytes = bytesOf(disk, path);
      for (const [bit, flipped] of flips(bytes)) {
        const damaged = changed(disk, path, flipped);
        const started = await open(damaged.copy()).then(
          ({ journal }) => journal.close().then(() => true),
          () => false,
        );
        if (started) behind += 1;
        else byStart += 1;
        const error = await damageIn(damaged);
        if (error === undefined) throw new Error(`bit ${bit} of ${path} was not noticed`);
        expect(error.message).toMatch(/damaged: .*offset \d+: .*sessiond journal repair/);
        if (started) {
          const line = bytes.subarray(0, bit >> 3).lastIndexOf(0x0a) + 1;
          expect([error.file, error.offset]).toEqual([path, line]);
        }
        if (bit % 97 !== 0) continue;
        const { verdict, faults } = await verifyJournal({ ...FOLDERS, operations: damaged });
        expect([verdict, faults.some(({ file }) => file === path)]).toEqual(["damaged", true]);
      }
    }
    expect(byStart).toBeGreaterThan(100);
    expect(behind).toBeGreaterThan(100);
  }, 60_000);

  it("are damaged where a line is lost, doubled or moved, or where they end elsewhere", async () => {
    const { disk } = await keptDisk();
    const path = segmentPath(1);
    const [header = "", a = "", b = ""] = linesOf(bytesOf(disk, path));
    const variants = [
      [header, b],
      [header, a],
      [header],
      [header, b, a],
      [header, a, a, b],
      [header, a, "", b],
    ];
    for (const lines of variants) {
      expect(await damageIn(changed(disk, path, `${lines.join("\n")}\n`)), lines.join(" ")).toBeDefined();
    }
    const zeroed = Buffer.from(bytesOf(disk, path));
    zeroed.fill(0, header.length + 1);
    expect(await damageIn(changed(disk, path, zeroed))).toBeDefined();
    // What stands behind the sealed end is void.
    expect(await damageIn(changed(disk, path, `${header}\n${a}\n${b}\nvoid`))).toBeUndefined();
  });

  it("matter as soon as the newest snapshot is damaged: then they are replayed, and their damage stops the start", async () => {
    const { disk } = await keptDisk();
    const broken = changed(disk, `${SNAPSHOTS}/0000000000000004.jsonl`, "nothing");
    const { journal, texts, notices } = await open(broken.copy());
    expect([texts, notices.map(({ kind }) => kind)]).toEqual([TEXTS, ["damaged-snapshot"]]);
    await journal.close();
    const bytes = bytesOf(disk, segmentPath(1));
    const both = changed(broken, segmentPath(1), bytes.toString().replace('"a"', '"b"'));
    await expect(open(both)).rejects.toThrow(JournalDamagedError);
  });

  it("may be read and removed while they are checked, and are left alone from the close on", async () => {
    const { disk } = await keptDisk();
    let isOver = false;
    let readsAfter = 0;
    const watched = intercept(disk, (name) => {
      if (isOver && name === "read") readsAfter += 1;
      return undefined;
    });
    const { journal } = await open(watched, { checkPauseMs: 1, keepBytes: 0 });
    const check = journal.checkKept();
    expect((await readAll(journal)).flatMap(({ events }) => events)).toEqual(TEXTS);
    await journal.close();
    isOver = true;
    await check;
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(readsAfter).toBe(0);
  });

  it("need no check any more once they are removed", async () => {
    const { disk } = await keptDisk();
    let remove: (() => Promise<unknown>) | undefined;
    const slow = intercept(disk, () => undefined);
    const { journal } = await open(
      {
        ...slow,
        open: async (path, ...rest) => {
          const removal = path === segmentPath(1) ? remove : undefined;
          if (removal !== undefined) {
            remove = undefined;
            await removal();
          }
          return slow.open(path, ...rest);
        },
      },
      { keepBytes: 0 },
    );
    await append(journal, "g");
    // Just before the check opens it.
    remove = () => journal.snapshot([...TEXTS, "g"]);
    await journal.checkKept();
    expect([remove, journal.oldestSeq]).toEqual([undefined, 5]);
    await journal.close();
  });

  it("that cannot be read are no damage: the check fails with the disk's own error", async () => {
    const { disk } = await keptDisk();
    let isBroken = false;
    const faulty = intercept(disk, (name) => (isBroken && name === "read" ? diskError("EIO") : undefined));
    const { journal } = await open(faulty);
    isBroken = true;
    await expect(journal.checkKept()).rejects.toThrow("EIO");
    expect(journal.health.damage).toBeUndefined();
    isBroken = false;
    await journal.close();
  });
});
