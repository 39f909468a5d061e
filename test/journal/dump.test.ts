import { describe, expect, it } from "vitest";

import { dumpJournal, type DumpOptions } from "../../src/journal/dump.js";
import { bytesOf, changed, linesOf, segmentPath } from "./damaged.js";
import type { SimulatedDisk } from "./simulatedDisk.js";
import { JOURNAL, journalOf } from "./support.js";

const FIRST = segmentPath(1);
const RECORDS = [["a"], ["b", "c"], ["d"], ["e"]];

/** A dump in short: the texts of records, and marks for what is not one. */
async function dump(operations: SimulatedDisk, options: Partial<DumpOptions> = {}): Promise<string[]> {
  const said: string[] = [];
  for await (const items of dumpJournal({ journalDir: JOURNAL, operations, ...options })) {
    for (const item of items) {
      if (item.kind === "gap") said.push(`missing ${item.fromSeq}-${item.toSeq}`);
      else if (item.kind === "fault") said.push(`${item.fault.kind} after ${item.fault.afterSeq}`);
      else said.push(`${item.kind === "record" ? "" : "? "}${item.record.events.join("+")}`);
    }
  }
  expect(operations.openCount).toBe(0);
  return said;
}

describe("a dump", () => {
  it.each([
    ["one segment", {}],
    ["a segment for each record", { segmentBytes: 1 }],
  ])("of %s gives the records that are asked for", async (_, options) => {
    const disk = await journalOf(RECORDS, options);
    expect(await dump(disk)).toEqual(["a", "b+c", "d", "e"]);
    expect(await dump(disk, { sinceSeq: 1 })).toEqual(["b+c", "d", "e"]);
    expect(await dump(disk, { sinceSeq: 2 })).toEqual(["b+c", "d", "e"]);
    expect(await dump(disk, { sinceSeq: 3, untilSeq: 4 })).toEqual(["d"]);
    expect(await dump(disk, { untilSeq: 2 })).toEqual(["a", "b+c"]);
    expect(await dump(disk, { sinceSeq: 5 })).toEqual([]);
  });

  it("goes on behind a record that is damaged, and one that is missing", async () => {
    const disk = await journalOf(RECORDS);
    const bytes = bytesOf(disk, FIRST);
    const flipped = Buffer.from(bytes.toString().replace('"b"', '"x"'));
    const marks = ["damage after 1", "? x+c", "missing 2-3", "d", "e"];
    expect(await dump(changed(disk, FIRST, flipped))).toEqual(["a", ...marks]);
    expect(await dump(changed(disk, FIRST, flipped), { sinceSeq: 3 })).toEqual(["damage after 1", "d", "e"]);
    const lines = linesOf(bytes);
    const dropped = changed(
      disk,
      FIRST,
      lines
        .toSpliced(2, 1)
        .map((line) => `${line}\n`)
        .join(""),
    );
    expect(await dump(dropped)).toEqual(["a", "damage after 1", "? d", "missing 2-4", "e"]);
    const garbage = changed(
      disk,
      FIRST,
      lines
        .toSpliced(2, 1, "null", "{}")
        .map((line) => `${line}\n`)
        .join(""),
    );
    expect(await dump(garbage)).toEqual(["a", "damage after 1", "? d", "missing 2-4", "e"]);
  });

  it("goes on behind a header that is damaged or gone, and a segment that is missing", async () => {
    const disk = await journalOf(RECORDS, { segmentBytes: 1 });
    const second = segmentPath(2);
    const text = bytesOf(disk, second).toString();
    const all = ["a", "damage after 1", "b+c", "d", "e"];
    expect(await dump(changed(disk, second, text.replace("journal", "jourmal")))).toEqual(all);
    expect(await dump(changed(disk, second, text.replace("\n", " ")))).toEqual(all);
    const headless = await dump(changed(disk, second, text.slice(text.indexOf("\n") + 1)));
    expect(headless.filter((each) => !each.startsWith("damage"))).toEqual(["a", "b+c", "d", "e"]);
    const missing = disk.copy();
    missing.drop(second);
    expect(await dump(missing)).toEqual(["a", "damage after 1", "missing 2-3", "d", "e"]);
    const first = disk.copy();
    first.drop(FIRST);
    expect(await dump(first)).toEqual(["missing 1-1", "b+c", "d", "e"]);
  });

  it("tells a torn tail, and stops there", async () => {
    const disk = await journalOf(RECORDS);
    const torn = changed(disk, FIRST, bytesOf(disk, FIRST).subarray(0, -5));
    expect(await dump(torn)).toEqual(["a", "b+c", "d", "torn-tail after 4"]);
    const split = await journalOf(RECORDS, { segmentBytes: 1 });
    expect(await dump(changed(split, segmentPath(6), ""))).toEqual([
      "a",
      "b+c",
      "d",
      "e",
      "torn-tail after 5",
    ]);
  });

  it("leaves no file open when its reader goes", async () => {
    const disk = await journalOf(RECORDS, { segmentBytes: 1 });
    for await (const items of dumpJournal({ journalDir: JOURNAL, operations: disk })) {
      expect(items).toHaveLength(1);
      break;
    }
    expect(disk.openCount).toBe(0);
  });
});
