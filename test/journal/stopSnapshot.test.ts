import { describe, expect, it } from "vitest";

import { SimulatedDisk } from "./simulatedDisk.js";
import { dice } from "./simulatedFile.js";
import { append, intercept, open, SNAPSHOTS } from "./support.js";

const SMALL = { stopSnapshotBytes: 200, segmentBytes: 300, keepBytes: 0 };

function snapshotsOn(disk: SimulatedDisk): string[] {
  return [...disk.files().keys()].filter((path) => path.startsWith(SNAPSHOTS));
}

describe("a snapshot at a stop", () => {
  it("is worth it where there is more than a little to replay, and the state is small", async () => {
    const { journal } = await open(new SimulatedDisk(), SMALL);
    await append(journal, "a");
    expect(journal.isWorthSnapshotAtStop).toBe(false);
    for (const text of ["b", "c", "d"]) await append(journal, text);
    expect(journal.isWorthSnapshotAtStop).toBe(true);
    const taken = journal.snapshot(["x".repeat(9 * 1024 * 1024)]);
    expect(journal.isWorthSnapshotAtStop).toBe(false);
    await taken;
    for (const text of ["e", "f", "g", "h"]) await append(journal, text);
    // It took long the last time.
    expect(journal.isWorthSnapshotAtStop).toBe(false);
    await journal.close();
  });

  it("is not worth it for a small state that has little behind it by default", async () => {
    const { journal } = await open(new SimulatedDisk());
    for (let record = 0; record < 20; record++) await append(journal, "x".repeat(1_000));
    expect(journal.isWorthSnapshotAtStop).toBe(false);
    for (let record = 0; record < 300; record++) await append(journal, "x".repeat(1_000));
    expect(journal.isWorthSnapshotAtStop).toBe(true);
    await journal.close();
  });

  it("that is given up leaves what was there", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk, SMALL);
    const texts = ["a", "b", "c", "d"];
    for (const text of texts) await append(journal, text);
    await journal.snapshot(texts);
    await append(journal, "e");
    const before = snapshotsOn(disk);
    const { bytesSinceSnapshot } = journal.health;
    const giveUp = new AbortController();
    function* entries(): Generator<string> {
      // In the second slice there is no more time.
      for (let entry = 0; entry < 5; entry++) {
        if (entry === 3) giveUp.abort();
        yield "x".repeat(1024 * 1024);
      }
    }
    await expect(journal.snapshot(entries(), giveUp.signal)).rejects.toThrow("abort");
    await expect(journal.snapshot(["small"], AbortSignal.abort())).rejects.toThrow("abort");
    expect(snapshotsOn(disk)).toEqual(before);
    expect(journal.health).toMatchObject({ snapshotSeq: 4, bytesSinceSnapshot });
    await journal.close();
    const again = await open(disk, SMALL);
    expect(again.texts).toEqual([...texts, "e"]);
    await again.journal.close();
  });

  it("that has its name in time counts, and leaves the removal of old segments to the next one", async () => {
    const disk = new SimulatedDisk();
    const giveUp = new AbortController();
    const { journal } = await open(
      intercept(disk, (name, args) => {
        if (name === "rename" && String(args[1]).endsWith("0000000000000012.jsonl")) giveUp.abort();
        return undefined;
      }),
      SMALL,
    );
    for (let record = 0; record < 6; record++) await append(journal, `event ${record}`);
    await journal.snapshot(["six"]);
    for (let record = 0; record < 6; record++) await append(journal, `event ${record}`);
    expect(await journal.snapshot(["twelve"], giveUp.signal)).toBe(12);
    expect(journal.oldestSeq).toBe(1);
    await append(journal, "more");
    await journal.snapshot(["thirteen"]);
    expect(journal.oldestSeq).toBeGreaterThan(5);
    await journal.close();
  });

  it("may be cut off by a kill or a power loss at every call: the state stays", async () => {
    const disk = new SimulatedDisk();
    const texts: string[] = [];
    const images: SimulatedDisk[] = [];
    let isStopping = false;
    const roll = dice(11);
    const watched = intercept(disk, () => {
      if (isStopping) images.push(disk.copy(), disk.afterPowerLoss(roll), disk.afterPowerLoss(roll));
      return undefined;
    });
    const { journal } = await open(watched, SMALL);
    for (let record = 0; record < 12; record++) {
      texts.push(`event ${record}`);
      await append(journal, `event ${record}`);
      if (record === 4) await journal.snapshot(texts);
    }
    isStopping = true;
    await journal.snapshot(texts, new AbortController().signal);
    await journal.close();
    expect(images.length).toBeGreaterThan(30);
    for (const image of images) {
      const found = await open(image, SMALL);
      expect(found.texts).toEqual(texts);
      await found.journal.checkKept();
      await found.journal.close();
    }
  });
});
