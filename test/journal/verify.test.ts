import { describe, expect, it } from "vitest";

import { verifyJournal, type Verification } from "../../src/journal/verify.js";
import { bytesOf, changed, linesOf, segmentPath } from "./damaged.js";
import { SimulatedDisk } from "./simulatedDisk.js";
import { append, diskError, intercept, JOURNAL, journalOf, open, SNAPSHOTS } from "./support.js";

const FOLDERS = { journalDir: JOURNAL, snapshotDir: SNAPSHOTS };
const FIRST = segmentPath(1);

function verify(operations: SimulatedDisk): Promise<Verification> {
  return verifyJournal({ ...FOLDERS, operations });
}

/** What is wrong, without the names of the files. */
async function faultsOf(disk: SimulatedDisk): Promise<string[]> {
  return (await verify(disk)).faults.map(
    ({ kind, afterSeq, reason }) => `${kind} after ${afterSeq}: ${reason}`,
  );
}

async function segments(options: object = { segmentBytes: 1 }): Promise<SimulatedDisk> {
  return journalOf([["a"], ["b", "c"], ["d"], ["e"]], options);
}

describe("a journal as it was written", () => {
  it("is sound, and counted", async () => {
    const disk = await journalOf([["a"], ["b", "c"]]);
    const { journal } = await open(disk);
    await journal.snapshot(["a", "b", "c"]);
    await append(journal, "d");
    await journal.close();
    const before = disk.files();
    const files = [...before].filter(([name]) => name.endsWith(".jsonl"));
    expect(await verify(disk)).toEqual({
      verdict: "sound",
      faults: [],
      segments: 2,
      records: 3,
      firstSeq: 1,
      lastSeq: 4,
      snapshots: [3],
      sizeBytes: files.reduce((sum, [, bytes]) => sum + bytes.length, 0),
    });
    expect(disk.files()).toEqual(before);
    expect(disk.openCount).toBe(0);
  });

  it("is sound when it is empty, or not there", async () => {
    expect(await verify(await journalOf([]))).toMatchObject({ verdict: "sound", records: 0, firstSeq: 0 });
    const missing = intercept(new SimulatedDisk(), (name) =>
      name === "readdir" ? diskError("ENOENT") : undefined,
    );
    expect(await verifyJournal({ ...FOLDERS, operations: missing })).toMatchObject({
      verdict: "sound",
      segments: 0,
    });
  });

  it("is not called anything where it cannot be read", async () => {
    const disk = await segments();
    for (const call of ["readdir", "open", "read", "lstat"] as const) {
      const failing = intercept(disk, (name) => (name === call ? diskError("EIO") : undefined));
      await expect(verifyJournal({ ...FOLDERS, operations: failing })).rejects.toThrow("EIO");
    }
    expect(disk.openCount).toBe(0);
  });
});

describe("what a start sets aside", () => {
  it("is told, and is no damage", async () => {
    const disk = await journalOf([["a"], ["b"]]);
    const torn = changed(disk, FIRST, bytesOf(disk, FIRST).subarray(0, -9));
    torn.put(`${SNAPSHOTS}/0000000000000001.jsonl`, Buffer.from("no snapshot"));
    const { verdict, faults } = await verify(torn);
    expect(verdict).toBe("set-aside");
    expect(faults.map(({ kind }) => kind)).toEqual(["damaged-snapshot", "torn-tail"]);
    const header = changed(await segments(), segmentPath(6), "");
    expect(await faultsOf(header)).toEqual(["torn-tail after 5: the header of a new segment is torn"]);
  });
});

describe("damage", () => {
  it("is told wherever it is, and not only the first", async () => {
    const disk = await segments({ segmentBytes: 300 });
    const paths = [...disk.files().keys()]
      .filter((name) => name.startsWith(JOURNAL) && name.endsWith("l"))
      .sort();
    expect(paths.length).toBeGreaterThan(1);
    for (const path of paths) {
      const bytes = Buffer.from(bytesOf(disk, path));
      bytes[bytes.lastIndexOf('"events"') + 11] = 0x58;
      disk.put(path, bytes);
    }
    const { verdict, faults } = await verify(disk);
    expect(verdict).toBe("damaged");
    expect(faults.map(({ file, kind }) => [file, kind])).toEqual(paths.map((path) => [path, "damage"]));
    for (const { file, offset } of faults) expect(bytesOf(disk, file)[offset]).toBe(0x7b);
  });

  it("is a segment that is missing, short, or follows something else", async () => {
    const missing = await segments();
    missing.drop(segmentPath(2));
    expect(await faultsOf(missing)).toEqual(["damage after 1: it continues segment 2, which is missing"]);
    const short = await segments();
    short.put(FIRST, bytesOf(short, FIRST).subarray(0, -1));
    expect(await faultsOf(short)).toEqual([expect.stringMatching(/after 1: it ends here and had \d+ bytes/)]);
    const empty = await segments();
    empty.put(FIRST, bytesOf(empty, FIRST).subarray(0, (linesOf(bytesOf(empty, FIRST))[0]?.length ?? 0) + 1));
    expect(await faultsOf(empty)).toEqual([expect.stringMatching(/after 0: it ends here/)]);
    const renamed = await segments();
    renamed.put(segmentPath(9), bytesOf(renamed, segmentPath(6)));
    renamed.drop(segmentPath(6));
    expect((await faultsOf(renamed))[0]).toContain("segment 6 under another name");
    const first = await segments();
    first.drop(FIRST);
    expect(await faultsOf(first)).toEqual(["damage after 0: the segments that follow seq 0 are missing"]);
    const foreign = await segments();
    const other = await journalOf([["x"], ["b", "c"]], { segmentBytes: 1 });
    foreign.put(FIRST, bytesOf(other, FIRST));
    expect(await faultsOf(foreign)).toEqual([
      expect.stringMatching(/^damage after 1: it does not continue /),
    ]);
  });

  it("is a journal that ends before a snapshot, though no file of it is bad", async () => {
    const disk = await journalOf([["a"], ["b"]]);
    const { journal } = await open(disk);
    await append(journal, "c");
    await journal.snapshot(["a", "b", "c"]);
    await journal.close();
    disk.drop(segmentPath(3));
    const last = [...disk.files().keys()]
      .filter((name) => name.startsWith(JOURNAL) && name.endsWith("l"))
      .sort()
      .at(-1);
    disk.put(
      last ?? "",
      bytesOf(disk, last ?? "").subarray(0, bytesOf(disk, last ?? "").lastIndexOf('{"crc"')),
    );
    expect(await faultsOf(disk)).toEqual([
      expect.stringMatching(/^damage after \d: it ends with seq \d, and seq 3/),
    ]);
  });

  it("is a good record that does not continue the one before", async () => {
    const disk = await journalOf([["a"]]);
    const { journal } = await open(disk, { rewriteBytes: 1_000_000 });
    await append(journal, "b");
    await journal.close();
    const { checkedLine } = await import("../../src/disk/checkedLine.js");
    const bytes = bytesOf(disk, FIRST);
    const chain = Number.parseInt(linesOf(bytes).at(-1)?.slice(8, 16) ?? "", 16);
    const { line } = checkedLine({ seq: 9, durable: 2, at: 1, up: 2, events: ["x"] }, chain);
    disk.put(FIRST, Buffer.concat([bytes, Buffer.from(line)]));
    expect(await faultsOf(disk)).toEqual(["damage after 2: the record does not continue seq 2"]);
  });

  it("is a line that has no end in sight, wherever it is", async () => {
    const disk = await journalOf([["a"]]);
    disk.put(segmentPath(2), Buffer.alloc(0));
    disk.put(`${SNAPSHOTS}/0000000000000001.jsonl`, Buffer.alloc(0));
    const operations = intercept(disk, () => undefined);
    operations.read = async (fd, into, offset, length, position) => {
      const count = await disk.read(fd, into, offset, length, position);
      if (count > 0 || position > 300 * 1024 * 1024) return count;
      into.fill(0x78, offset, offset + length);
      return length;
    };
    const { faults } = await verifyJournal({ ...FOLDERS, operations });
    const snapshot = `${SNAPSHOTS}/0000000000000001.jsonl`;
    // A start does not get past such a snapshot, so it is told once more, as damage.
    expect(faults.map(({ file, kind }) => [file, kind])).toEqual([
      [snapshot, "damaged-snapshot"],
      [segmentPath(2), "damage"],
      [snapshot, "damage"],
    ]);
    for (const { reason } of faults) expect(reason).toBe("the line is longer than any that is written");
    disk.drop(segmentPath(2));
    const alone = await verifyJournal({ ...FOLDERS, operations });
    expect(alone.faults[1]).toMatchObject({ file: FIRST, afterSeq: 1, kind: "damage" });
  }, 60_000);
});
