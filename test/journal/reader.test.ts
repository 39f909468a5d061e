import { describe, expect, it } from "vitest";
import { checkedLine } from "../../src/disk/checkedLine.js";
import { SimulatedDisk } from "./simulatedDisk.js";
import { append, intercept, JOURNAL, open, readAll, until } from "./support.js";

describe("read", () => {
  it("gives records with any event after a seq, up to the one that holds the last", async () => {
    const { journal } = await open(new SimulatedDisk());
    for (const events of [["a", "b"], ["c", "d"], ["e"]]) await append(journal, ...events);
    const seqs = async (after: number, last?: number) =>
      (await readAll(journal, after, last)).map(({ seq }) => seq);
    expect(await seqs(0)).toEqual([2, 4, 5]);
    expect(await seqs(1)).toEqual([2, 4, 5]);
    expect(await seqs(2)).toEqual([4, 5]);
    expect(await seqs(3, 3)).toEqual([]);
    expect(await seqs(2, 3)).toEqual([4]);
    expect(await seqs(5)).toEqual([]);
    expect(await seqs(99)).toEqual([]);
    await journal.close();
  });

  it("goes on into what becomes durable while it reads, and stops at what is not", async () => {
    const { journal } = await open(new SimulatedDisk());
    await append(journal, "a");
    const seqs: number[] = [];
    for await (const { seq } of journal.read(0)) {
      seqs.push(seq);
      if (seq < 4) await append(journal, "more");
      else journal.append({ at: 1, up: 1, events: ["open"] }, () => undefined);
    }
    expect(seqs).toEqual([1, 2, 3, 4]);
    await journal.close();
  });

  it("does not give what is written and not yet durable", async () => {
    const disk = new SimulatedDisk();
    const held: (() => void)[] = [];
    let holds = false;
    const operations = intercept(disk, () => undefined);
    operations.fdatasync = (fd, done) => {
      if (holds) held.push(() => disk.fdatasync(fd, done));
      else disk.fdatasync(fd, done);
    };
    const { journal } = await open(operations);
    await append(journal, "a");
    holds = true;
    const pending = append(journal, "b");
    await until(() => held.length === 1);
    expect(await readAll(journal)).toHaveLength(1);
    for (const release of held) release();
    await pending;
    expect(await readAll(journal)).toHaveLength(2);
    await journal.close();
  });

  it("finds its place in a long segment by the index", async () => {
    let bytesRead = 0;
    const disk = new SimulatedDisk();
    const counted = intercept(disk, (name, args) => {
      if (name === "read") bytesRead += args[3] as number;
      return undefined;
    });
    const opened = await open(counted);
    const text = "x".repeat(10_000);
    for (let i = 0; i < 200; i++) await append(opened.journal, text);
    bytesRead = 0;
    expect(await readAll(opened.journal, 190)).toHaveLength(10);
    expect(bytesRead).toBeLessThan(600_000);
    await opened.journal.close();
    const again = await open(counted);
    await append(again.journal, text);
    expect((await readAll(again.journal, 100, 102)).map(({ seq }) => seq)).toEqual([101, 102]);
    expect((await readAll(again.journal, 198)).map(({ seq }) => seq)).toEqual([199, 200, 201]);
    await again.journal.close();
  });

  it("throws at damage instead of giving what cannot be trusted", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk);
    await append(journal, "good");
    await append(journal, "changed");
    const path = `${JOURNAL}/0000000000000001.jsonl`;
    const bytes = Buffer.from(disk.files().get(path)?.toString().replace("changed", "chanGed") ?? "");
    disk.put(path, bytes);
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { seq } of journal.read(0)) seen.push(seq);
    })();
    await expect(reading).rejects.toThrow(`${path}, offset`);
    expect(seen).toEqual([1]);
    const crafted = checkedLine({ seq: 2, durable: 0, at: 1, up: 1, events: [] }, 0).line;
    const header = bytes.subarray(0, bytes.indexOf(0x0a) + 1);
    disk.put(path, Buffer.concat([header, Buffer.from(crafted)]));
    await expect(readAll(journal)).rejects.toThrow("not a record");
    disk.put(path, bytes.subarray(0, bytes.indexOf('"good"') + 9));
    await expect(readAll(journal, 1)).rejects.toThrow("ends with seq 1");
  });
});
