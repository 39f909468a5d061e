import { describe, expect, it } from "vitest";
import { openJournal } from "../../src/journal/index.js";
import { checkedLine } from "../../src/disk/checkedLine.js";
import { bytesOf, changed, linesOf, outcome, segmentPath } from "./damaged.js";
import { SimulatedDisk } from "./simulatedDisk.js";
import { append, diskError, intercept, JOURNAL, journalOf, open, readAll, SNAPSHOTS } from "./support.js";

const FIRST = segmentPath(1);
const TEXTS = ["one", "two", "three", "four"];
const RECORDS = [["one"], ["two", "three"], ["four"]];

describe("lines", () => {
  it.each([1, 2, 3, 4])("dropped, doubled or swapped at line %i are damage", async (at) => {
    const disk = await journalOf([...RECORDS, ["five"], ["six"]]);
    const lines = linesOf(bytesOf(disk, FIRST));
    const variants = [
      lines.toSpliced(at, 1),
      lines.toSpliced(at, 0, lines[at] ?? ""),
      lines.toSpliced(at, 2, lines[at + 1] ?? "", lines[at] ?? ""),
    ];
    for (const variant of variants) {
      expect(await outcome(changed(disk, FIRST, `${variant.join("\n")}\n`))).toBe("damaged");
    }
  });

  it.each([
    ["an empty line", "\n"],
    ["a line that is no record", "null\n"],
    ["an unfinished line that is no record", "nonsense"],
    ["an unfinished record with a control character", `{"crc":"00000000","seq"\u0002`],
  ])("at the end, %s is damage", async (_, text) => {
    const disk = await journalOf(RECORDS);
    const bytes = Buffer.concat([bytesOf(disk, FIRST), Buffer.from(text)]);
    expect(await outcome(changed(disk, FIRST, bytes))).toBe("damaged");
  });

  it("with a good checksum that do not continue the seqs are damage", async () => {
    const disk = await journalOf(RECORDS);
    const bytes = bytesOf(disk, FIRST);
    const chain = Number.parseInt(linesOf(bytes).at(-1)?.slice(8, 16) ?? "", 16);
    const good = { seq: 5, durable: 4, at: 1, up: 2, events: ["x"] };
    const variants: object[] = [
      { ...good, seq: 6 },
      { ...good, seq: 4 },
      { ...good, durable: 5 },
      { ...good, events: [] },
      { ...good, events: "x" },
      { ...good, at: "1" },
      { durable: 4, seq: 5, at: 1, up: 2, events: ["x"] },
      { seq: "5", durable: 4 },
      { seq: 5 },
      { seq: 1e17, durable: 4 },
    ];
    const appended = (record: object) =>
      changed(disk, FIRST, Buffer.concat([bytes, Buffer.from(checkedLine(record, chain).line)]));
    expect(await outcome(appended(good))).toEqual([...TEXTS, "x"]);
    for (const variant of variants) expect(await outcome(appended(variant))).toBe("damaged");
  });
});

describe("headers and folders", () => {
  it("of another version are no damage, and of another place or another kind are, with a clear reason", async () => {
    const disk = await journalOf(RECORDS);
    const reasonOf = async (header: object) => {
      const lines = linesOf(bytesOf(disk, FIRST));
      lines[0] = checkedLine(header, 0).line.trim();
      return open(changed(disk, FIRST, `${lines.join("\n")}\n`)).catch(({ message }: Error) => message);
    };
    const good = { journal: 1, first: 1, chain: "00000000", previous: null };
    expect(await reasonOf(good)).not.toBeTypeOf("string");
    const newer = await reasonOf({ ...good, journal: 2 });
    expect(newer).toBe(
      `${FIRST} has format 2 of the journal, and this version of sessiond knows 1. ` +
        "Nothing was changed. Start a version that knows format 2.",
    );
    expect(await reasonOf({ ...good, journal: "1" })).toContain("not a header");
    expect(await reasonOf({ ...good, first: 2 })).toContain("segment 2 under another name");
    expect(await reasonOf({ ...good, chain: "0000000G" })).toContain("lacks a field");
    expect(await reasonOf({ ...good, previous: { first: 1 } })).toContain("lacks a field");
    expect(await reasonOf({ ...good, previous: 1 })).toContain("lacks a field");
    expect(await reasonOf({ ...good, chain: "00000001" })).toContain("does not begin at 0");
  });

  it("a segment that is missing, at either end or between, is damage", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk, { segmentBytes: 1 });
    for (const text of ["a", "b", "c", "d"]) await append(journal, text);
    await journal.close();
    for (const seq of [1, 3]) {
      const copy = disk.copy();
      copy.drop(segmentPath(seq));
      expect(await outcome(copy)).toBe("damaged");
    }
    const error: Error = await open(changedName(disk, 5, 7)).then(
      () => new Error("none"),
      (e: Error) => e,
    );
    expect(error.message).toContain("sessiond journal verify");
  });

  function changedName(disk: SimulatedDisk, from: number, to: number): SimulatedDisk {
    const copy = disk.copy();
    copy.put(segmentPath(to), bytesOf(disk, segmentPath(from)));
    copy.drop(segmentPath(from));
    return copy;
  }

  it("a segment of another journal does not fit", async () => {
    const disk = await journalOf([["a"], ["a"]]);
    await (await open(disk)).journal.close();
    const other = await journalOf([["b"], ["b"]]);
    await (await open(other)).journal.close();
    expect(await outcome(changed(disk, FIRST, bytesOf(other, FIRST)))).toBe("damaged");
    const { journal } = await open(disk);
    await append(journal, "c");
    await journal.snapshot(["a", "c"]);
    await journal.close();
    const { journal: second } = await open(other);
    await append(second, "d");
    await second.close();
    for (const [path, bytes] of disk.files()) if (path.startsWith(SNAPSHOTS)) other.put(path, bytes);
    expect(await outcome(other)).toBe("damaged");
  });

  it("a segment must be sealed at the end of a record, newline and all", async () => {
    const disk = await journalOf([["a"], ["b"]]);
    await (await open(disk)).journal.close();
    const bytes = bytesOf(disk, segmentPath(2));
    const [header = "", ...records] = linesOf(bytes);
    const { crc: _, ...fields } = JSON.parse(header) as { crc: string; previous: { sizeBytes: number } };
    for (const [more, expected] of [
      [0, ["a", "b"]],
      [-1, "damaged"],
      [-2, "damaged"],
      [1, "damaged"],
    ] as const) {
      const previous = { ...fields.previous, sizeBytes: fields.previous.sizeBytes + more };
      const text = [checkedLine({ ...fields, previous }, 0).line.trim(), ...records, ""].join("\n");
      expect(await outcome(changed(disk, segmentPath(2), text))).toEqual(expected);
    }
  });

  it("what a start sealed does not count twice", async () => {
    const disk = await journalOf([["a"], ["b"]]);
    const { journal } = await open(disk);
    const [first, second] = [bytesOf(disk, segmentPath(1)), bytesOf(disk, segmentPath(2))];
    const lastBytes = linesOf(first).at(-1)?.length ?? 0;
    expect(journal.health.sizeBytes).toBe(first.length - lastBytes - 1 + second.length);
    expect((await readAll(journal)).map(({ seq }) => seq)).toEqual([1, 2]);
    await journal.close();
  });

  it("damaged snapshots are fatal only if the journal does not reach back far enough", async () => {
    const disk = new SimulatedDisk();
    const options = { segmentBytes: 1, keepBytes: 0 };
    const { journal } = await open(disk, options);
    const texts: string[] = [];
    for (const text of ["a", "b", "c"]) {
      await append(journal, text);
      texts.push(text);
      await journal.snapshot(texts);
    }
    await journal.close();
    const copy = disk.copy();
    for (const path of copy.files().keys()) {
      if (path.startsWith(SNAPSHOTS)) copy.put(path, Buffer.alloc(0));
    }
    await expect(open(copy)).rejects.toThrow("no older snapshot can take its place");
    const one = disk.copy();
    one.put(`${SNAPSHOTS}/0000000000000003.jsonl`, Buffer.from(checkedLine({ snapshot: 1 }, 0).line));
    expect(await outcome(one)).toEqual(["a", "b", "c"]);
    const cut = disk.copy();
    const whole = bytesOf(disk, `${SNAPSHOTS}/0000000000000003.jsonl`);
    cut.put(`${SNAPSHOTS}/0000000000000003.jsonl`, whole.subarray(0, -1));
    const withoutEnd = await open(cut);
    expect([withoutEnd.texts, withoutEnd.notices.length]).toEqual([["a", "b", "c"], 1]);
    await withoutEnd.journal.close();
    for (const header of [
      { snapshot: 2, seq: 3, chain: "00000000" },
      { snapshot: 1, seq: 2, chain: "00000000" },
      { snapshot: 1, seq: 3, chain: "0" },
      { snapshot: 1, seq: 3, chain: "00000000", count: 1 },
    ]) {
      const other = disk.copy();
      const { line, crc } = checkedLine(header, 0);
      other.put(
        `${SNAPSHOTS}/0000000000000003.jsonl`,
        Buffer.from(line + checkedLine({ count: header.count ?? 0 }, crc).line),
      );
      const opened = await open(other);
      expect([opened.texts, opened.notices.length]).toEqual([["a", "b", "c"], 1]);
      await opened.journal.close();
    }
  });

  it.each(["readdir", "open", "read", "lstat"] as const)("unreadable is not empty: %s", async (broken) => {
    const disk = await journalOf(RECORDS);
    for (const code of ["EIO", "EMFILE", "EACCES"]) {
      const failing = intercept(disk, (name) => (name === broken ? diskError(code) : undefined));
      await expect(open(failing)).rejects.toThrow(code);
    }
    expect(await outcome(disk)).toEqual(TEXTS);
  });

  it("a torn tail that cannot be kept stops the start, and is there at the next", async () => {
    const disk = await journalOf(RECORDS);
    const torn = changed(disk, FIRST, bytesOf(disk, FIRST).subarray(0, -5));
    const failing = intercept(torn, (name, args) =>
      name === "rename" && String(args[1]).endsWith(".torn") ? diskError("EIO") : undefined,
    );
    await expect(open(failing)).rejects.toThrow("EIO");
    expect(torn.openCount).toBe(0);
    // Nobody has to listen.
    const options = { journalDir: JOURNAL, snapshotDir: SNAPSHOTS, operations: torn };
    const nothing = () => undefined;
    const callbacks = { restore: nothing, replay: nothing, onFailure: nothing, onFatal: nothing };
    await (await openJournal({ ...options, ...callbacks })).close();
    expect(await outcome(torn)).toEqual(["one", "two", "three"]);
  });

  it("torn tails are kept until the segments after them go", async () => {
    const disk = await journalOf(RECORDS);
    const torn = changed(disk, FIRST, bytesOf(disk, FIRST).subarray(0, -5));
    const kept = () => [...torn.files().keys()].filter((path) => path.endsWith(".torn"));
    const { journal } = await open(torn, { segmentBytes: 1, keepBytes: 0 });
    expect(kept()).toEqual([`${JOURNAL}/0000000000000004.torn`]);
    for (let round = 0; round < 4; round++) {
      await append(journal, "more");
      await journal.snapshot([]);
    }
    expect(kept()).toEqual([]);
    await journal.close();
  });

  it("a line that has no end in sight is damage, not a reason to run out of memory", async () => {
    const disk = await journalOf(RECORDS);
    const endless = new SimulatedDisk();
    for (const [path, bytes] of disk.files()) endless.put(path, bytes);
    const operations = intercept(endless, () => undefined);
    operations.read = async (fd, into, offset, length, position) => {
      const count = await endless.read(fd, into, offset, length, position);
      if (count > 0 || position > 300 * 1024 * 1024) return count;
      into.fill(0x78, offset, offset + length);
      return length;
    };
    await expect(open(operations)).rejects.toThrow("longer than any that is written");
  });

  it("leftovers of a crash are removed, and names that are not ours left alone", async () => {
    const disk = await journalOf(RECORDS);
    disk.put(`${FIRST}.0123456789ab.tmp`, Buffer.from("half"));
    disk.put(`${JOURNAL}/notes.txt`, Buffer.from("mine"));
    expect(await outcome(disk)).toEqual(TEXTS);
    expect(disk.files().has(`${FIRST}.0123456789ab.tmp`)).toBe(false);
    expect(disk.files().has(`${JOURNAL}/notes.txt`)).toBe(true);
  });
});
