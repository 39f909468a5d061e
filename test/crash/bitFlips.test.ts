import { expect, describe, it, beforeAll } from "vitest";

import { JournalDamagedError } from "../../src/journal/index.js";
import { bytesOf, changed, segmentPath } from "../journal/damaged.js";
import type { SimulatedDisk } from "../journal/simulatedDisk.js";
import { append, open, journalOf } from "../journal/support.js";

const SIZE_BYTES = 5_000;
const FIRST = segmentPath(1);

let disk: SimulatedDisk;
let journal: Buffer;

/** A record as long as those of a session usually are, with a few digits that are its own. */
function event(index: number): object {
  const details = { text: 'what was said, in so many words: “äöü” \\ " \u2028', index };
  return { type: "activity/recorded", sessionId: "0190", data: { action: `a${index}`, details } };
}

/** A journal of at least that many bytes, closed. */
async function journalOfSize(sizeBytes: number): Promise<SimulatedDisk> {
  const made = await journalOf([]);
  for (let index = 0; bytesOf(made, FIRST).length < sizeBytes; index += 1) {
    const { journal: writer } = await open(made, { rewriteBytes: 1_024 * 1_024 });
    // Some records come alone, some share a batch, some hold several events.
    await append(writer, event(index));
    await Promise.all([append(writer, event(index), event(-index)), append(writer, event(index))]);
    await writer.close();
  }
  return made;
}

beforeAll(async () => {
  disk = await journalOfSize(SIZE_BYTES);
  journal = bytesOf(disk, FIRST);
});

/** Where the line begins that a byte belongs to; its newline is its last. */
function lineOf(byte: number): number {
  return journal.subarray(0, byte).lastIndexOf(0x0a) + 1;
}

describe("every single bit of a journal, changed", () => {
  it("B.9 stops the start, which names the line, says what to do, and changes nothing", async () => {
    for (let bit = 0; bit < journal.length * 8; bit += 1) {
      const byte = bit >> 3;
      const flipped = Buffer.from(journal);
      flipped[byte] = (flipped[byte] ?? 0) ^ (1 << (bit & 7));
      const damaged = changed(disk, FIRST, flipped);
      const error: unknown = await open(damaged).catch((thrown: unknown) => thrown);
      if (!(error instanceof JournalDamagedError)) throw new Error(`bit ${bit}: ${String(error)}`);
      const { file, offset, message } = error;
      expect([bit, file, offset]).toEqual([bit, FIRST, lineOf(byte)]);
      expect(message).toMatch(/damaged: .*offset \d+: .*Nothing was changed.*sessiond journal repair/);
      expect(bytesOf(damaged, FIRST).equals(flipped), `bit ${bit}`).toBe(true);
    }
  }, 120_000);

  it("is a journal that starts, while none is", async () => {
    expect(journal.length).toBeGreaterThanOrEqual(SIZE_BYTES);
    const { journal: opened, records } = await open(disk.copy());
    expect(opened.head).toBe(records.flatMap(({ events }) => events).length);
    await opened.close();
  });
});
