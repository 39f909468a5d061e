import { JournalDamagedError } from "../../src/journal/index.js";
import type { SimulatedDisk } from "./simulatedDisk.js";
import { JOURNAL, open } from "./support.js";

export function segmentPath(first: number): string {
  return `${JOURNAL}/${String(first).padStart(16, "0")}.jsonl`;
}

/**
 * Opens a disk, says what state it found, or "damaged", which may show behind the start. Any other error is thrown.
 */
export async function outcome(disk: SimulatedDisk): Promise<string[] | "damaged"> {
  try {
    const { journal, texts } = await open(disk);
    try {
      await journal.checkKept();
    } finally {
      await journal.close();
    }
    return journal.head === texts.length ? texts : [`head is ${journal.head}`, ...texts];
  } catch (error) {
    if (!(error instanceof JournalDamagedError)) throw error;
    return "damaged";
  }
}

export function bytesOf(disk: SimulatedDisk, path: string): Buffer {
  const bytes = disk.files().get(path);
  if (bytes === undefined) throw new Error(`${path} is missing`);
  return bytes;
}

/** A copy of the disk with another content of one file. */
export function changed(disk: SimulatedDisk, path: string, bytes: Buffer | string): SimulatedDisk {
  const copy = disk.copy();
  copy.put(path, Buffer.from(bytes));
  return copy;
}

/** Every way to change one bit. */
export function* flips(bytes: Buffer): Generator<readonly [bit: number, flipped: Buffer]> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield [bit, flipped];
  }
}

export function linesOf(bytes: Buffer): string[] {
  return bytes.toString("latin1").split("\n").slice(0, -1);
}
