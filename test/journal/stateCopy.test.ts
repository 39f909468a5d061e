import { describe, expect, it } from "vitest";

import { writeStateCopy } from "../../src/journal/index.js";
import { verifyJournal } from "../../src/journal/verify.js";
import { SimulatedDisk } from "./simulatedDisk.js";
import { append, diskError, intercept, JOURNAL, open, readAll, SNAPSHOTS } from "./support.js";

const COPY = { journalDir: "/copy/journal", snapshotDir: "/copy/snapshots" };

describe("a copy of the state", () => {
  it("is a journal that goes on at the same seq with the same chain", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk);
    for (const text of ["a", "b", "c"]) await append(journal, text);
    const { position } = journal;
    expect(position.seq).toBe(3);
    await append(journal, "later");
    const written = await writeStateCopy(position, ["a", "b", "c"], { ...COPY, nowMs: 5, operations: disk });
    expect(written).toEqual({
      snapshot: `${COPY.snapshotDir}/0000000000000003.jsonl`,
      segment: `${COPY.journalDir}/0000000000000004.jsonl`,
    });
    expect(await verifyJournal({ ...COPY, operations: disk })).toMatchObject({
      verdict: "sound",
      records: 0,
      snapshots: [3],
    });
    const copy = await open(disk, COPY);
    expect(copy.texts).toEqual(["a", "b", "c"]);
    expect([copy.journal.committed, copy.journal.oldestSeq, copy.journal.position]).toEqual([3, 4, position]);
    // A record has the same bytes in both: the chain goes on as it did.
    await append(copy.journal, "later");
    expect(copy.journal.position).toEqual(journal.position);
    await copy.journal.close();
    const again = await open(disk, COPY);
    expect(again.texts).toEqual(["a", "b", "c", "later"]);
    expect(await readAll(again.journal, 3)).toHaveLength(1);
  });

  it("can be one of nothing", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk);
    await writeStateCopy(journal.position, [], { ...COPY, nowMs: 5, operations: disk });
    const copy = await open(disk, COPY);
    await append(copy.journal, "first");
    await copy.journal.snapshot(["first"]);
    await append(copy.journal, "second");
    await copy.journal.snapshot(["first", "second"]);
    expect((await open(disk, COPY)).texts).toEqual(["first", "second"]);
  });

  it("fails with the disk, and leaves the journal as it is", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk);
    await append(journal, "a");
    const operations = intercept(disk, (name) => (name === "fsync" ? diskError("ENOSPC") : undefined));
    const copied = writeStateCopy(journal.position, ["a"], { ...COPY, nowMs: 5, operations });
    await expect(copied).rejects.toThrow("ENOSPC");
    await append(journal, "b");
    expect([...disk.files().keys()].every((path) => !path.startsWith(SNAPSHOTS))).toBe(true);
    expect((await open(disk, { journalDir: JOURNAL })).texts).toEqual(["a", "b"]);
  });
});
