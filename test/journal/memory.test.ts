import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  JournalUnavailableError,
  openMemoryJournal,
  ReplayGapError,
  type Journal,
} from "../../src/journal/index.js";
import { SimulatedDisk } from "./simulatedDisk.js";
import { append, open, readAll } from "./support.js";

type Step = { readonly events: readonly unknown[]; readonly key?: unknown } | "wait" | "see";

/** Does the steps and says everything that a caller can see. */
async function trace(journal: Journal, steps: readonly Step[]): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (const [index, step] of steps.entries()) {
    if (step === "wait") await new Promise<void>((resolve) => journal.whenDurable(() => resolve()));
    else if (step === "see") journal.whenDurable((error) => seen.push([index, "saw", error]));
    else seen.push(journal.append({ at: index, up: 1, ...step }, (error) => seen.push([index, error])));
    seen.push(journal.head);
  }
  await new Promise<void>((resolve) => journal.whenDurable(() => resolve()));
  seen.push(journal.committed, journal.oldestSeq, journal.health.state, await readAll(journal));
  seen.push(await readAll(journal, 2), await readAll(journal, 1, 3));
  await journal.close();
  return seen;
}

describe("a journal in memory", () => {
  it("looks to its callers like one on the disk", async () => {
    const step = fc.oneof(
      fc.constant<Step>("wait"),
      fc.constant<Step>("see"),
      fc.record({ events: fc.array(fc.jsonValue(), { minLength: 1, maxLength: 3 }) }),
      fc.record({ events: fc.tuple(fc.string({ unit: "binary" })), key: fc.jsonValue() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { journal } = await open(new SimulatedDisk());
        expect(await trace(openMemoryJournal(), steps)).toEqual(await trace(journal, steps));
      }),
      { numRuns: 40 },
    );
  });

  it("keeps a bounded past, and says so to readers", async () => {
    const journal = openMemoryJournal({ keepRecords: 3 });
    for (let i = 0; i < 7; i++) await append(journal, "a", "b");
    expect(journal.oldestSeq).toBe(9);
    expect((await readAll(journal, 8)).map(({ seq }) => seq)).toEqual([10, 12, 14]);
    await expect(readAll(journal, 7)).rejects.toThrow(ReplayGapError);
  });

  it("goes on into what comes while it is read", async () => {
    const journal = openMemoryJournal({ keepRecords: 3 });
    await append(journal, 0);
    const seqs: number[] = [];
    for await (const { seq } of journal.read(0)) {
      seqs.push(seq);
      if (seq < 20) await append(journal, seq);
    }
    expect(seqs).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it("has no use for snapshots, and takes nothing after it is closed", async () => {
    const journal = openMemoryJournal();
    let settled = false;
    journal.append({ at: 1, up: 1, events: [1] }, () => (settled = true));
    await journal.close();
    expect([settled, journal.needsSnapshot(), await journal.snapshot([])]).toEqual([true, false, 1]);
    await journal.checkKept();
    expect(journal.isWorthSnapshotAtStop).toBe(false);
    expect(() => journal.append({ at: 1, up: 1, events: [1] }, () => undefined)).toThrow(
      JournalUnavailableError,
    );
    await journal.close();
  });
});
