import { describe, expect, it } from "vitest";
import { Ledger, work } from "./ledger.js";
import { SimulatedDisk } from "./simulatedDisk.js";
import { dice } from "./simulatedFile.js";
import { diskError, intercept, open } from "./support.js";

const SMALL = {
  segmentBytes: 600,
  rewriteBytes: 350,
  keepBytes: 700,
  minimumSnapshotBytes: 100,
  reserveBytes: 64,
};

describe("every call to the disk", () => {
  const codes = ["EIO", "ENOSPC"];

  /** Runs the same work with call number `failing` (and, if `forGood`, all after it) failing. */
  async function run(failing: number, forGood: boolean, code: string): Promise<number> {
    const disk = new SimulatedDisk();
    const before = new Ledger();
    const first = await open(disk, SMALL);
    await work(first.journal, before, 4);
    await first.journal.close();
    let calls = 0;
    const faulty = intercept(disk, () => {
      calls++;
      return calls === failing || (forGood && calls > failing) ? diskError(code) : undefined;
    });
    const known = before.decided;
    const ledger = new Ledger(known);
    try {
      const { journal, texts } = await open(faulty, SMALL);
      expect(texts).toEqual(known);
      await work(journal, ledger, 12).catch(() => undefined);
      const isFailed = journal.health.state === "failed";
      const { length } = ledger.acknowledged;
      await journal.close().catch(() => undefined);
      if (isFailed) expect(ledger.acknowledged).toHaveLength(length);
    } catch (error) {
      if (error instanceof Error && error.name === "AssertionError") throw error;
      expect(String(error)).toContain("injected");
    }
    // What kill -9 leaves, and what a power loss may leave.
    const { texts, journal } = await open(disk.copy(), SMALL);
    expect(ledger.problem(texts)).toBeUndefined();
    await journal.close();
    for (let seed = 0; seed < 2; seed++) {
      const survived = await open(disk.afterPowerLoss(dice(failing * 31 + seed)), SMALL);
      expect(ledger.problem(survived.texts)).toBeUndefined();
      await survived.journal.close();
    }
    return calls;
  }

  it.each(codes)("may fail once with %s: never a lie to a caller", async (code) => {
    const calls = await run(0, false, code);
    expect(calls).toBeGreaterThan(100);
    for (let failing = 1; failing <= calls; failing++) await run(failing, false, code);
  });

  it.each(codes)("may fail for good with %s: never a lie to a caller", async (code) => {
    const calls = await run(0, false, code);
    for (let failing = 1; failing <= calls; failing++) await run(failing, true, code);
  });

  it("may be the last before a power loss or a kill", async () => {
    const disk = new SimulatedDisk();
    const ledger = new Ledger();
    const images: { disk: SimulatedDisk; acknowledged: number }[] = [];
    const roll = dice(7);
    const watched = intercept(disk, () => {
      const acknowledged = ledger.acknowledged.length;
      images.push({ disk: disk.copy(), acknowledged });
      images.push({ disk: disk.afterPowerLoss(roll), acknowledged });
      images.push({ disk: disk.afterPowerLoss(roll), acknowledged });
      return undefined;
    });
    const { journal } = await open(watched, SMALL);
    await work(journal, ledger, 40);
    await journal.close();
    expect(journal.health.snapshotSeq).toBeGreaterThan(20);
    expect(journal.oldestSeq).toBeGreaterThan(1);
    for (const { disk: image, acknowledged } of images) {
      const { texts, journal: opened } = await open(image, SMALL);
      expect(texts).toEqual(ledger.decided.slice(0, texts.length));
      expect(texts.length).toBeGreaterThanOrEqual(acknowledged);
      await opened.close();
    }
  });

  it("of a recovery may be the last, again and again: the state stays", async () => {
    const disk = new SimulatedDisk();
    const ledger = new Ledger();
    const { journal } = await open(disk, SMALL);
    await work(journal, ledger, 10);
    ledger.append(journal, 3);
    for (let seed = 0; seed < 12; seed++) {
      const roll = dice(seed);
      let image = disk.afterPowerLoss(roll);
      // It was on its way, so it may be there or not; what the first complete start says is final.
      const { texts, journal: reference } = await open(image.copy(), SMALL);
      await reference.close();
      for (let last = 1; ; last++) {
        let calls = 0;
        let next: SimulatedDisk | undefined;
        const current = image;
        const watched = intercept(current, () => {
          if (++calls === last) next = roll(2) === 0 ? current.copy() : current.afterPowerLoss(roll);
          return undefined;
        });
        const opened = await open(watched, SMALL);
        expect(opened.texts).toEqual(texts);
        await opened.journal.close();
        if (next === undefined) break;
        image = next;
      }
    }
    await journal.close();
  });
});
