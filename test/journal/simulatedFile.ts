const SECTOR_BYTES = 512;

/** Gives a number from 0 up to below `below`. */
export type Dice = (below: number) => number;

/** A small generator with a seed, so that a failing image can be made again. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Change {
  readonly at: number;
  /** Undefined: cut at `at`. */
  readonly bytes?: Buffer;
}

/** A file's bytes as programs see them, as they are on the disk, and what lies between. */
export class SimulatedFile {
  bytes: Buffer;
  durable: Buffer;
  pending: Change[] = [];

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.bytes = bytes;
    this.durable = bytes;
  }

  apply(change: Change): void {
    this.bytes = applied(this.bytes, change);
    this.pending.push(change);
  }

  sync(): void {
    this.durable = this.bytes;
    this.pending = [];
  }
}

function applied(bytes: Buffer, { at, bytes: written }: Change): Buffer {
  if (written === undefined) return Buffer.from(bytes.subarray(0, at));
  const result = Buffer.alloc(Math.max(bytes.length, at + written.length));
  bytes.copy(result);
  written.copy(result, at);
  return result;
}

/** The durable bytes with some sectors of each unsynced write. */
export function tornContent(file: SimulatedFile, roll: Dice): Buffer {
  let bytes = file.durable;
  for (const change of file.pending) {
    const kind = roll(4);
    if (kind === 0) continue;
    if (kind === 1 || change.bytes === undefined) {
      bytes = applied(bytes, change);
      continue;
    }
    const { at, bytes: written } = change;
    // The size may have grown less than was written, the rest is there by the sector.
    const length = roll(2) === 0 ? written.length : roll(written.length + 1);
    bytes = applied(bytes, { at, bytes: Buffer.alloc(0) });
    const torn = Buffer.alloc(Math.max(bytes.length, at + length));
    bytes.copy(torn);
    for (let sector = Math.floor(at / SECTOR_BYTES); sector * SECTOR_BYTES < at + length; sector++) {
      if (roll(2) === 0) continue;
      const from = Math.max(sector * SECTOR_BYTES, at);
      const to = Math.min((sector + 1) * SECTOR_BYTES, at + length);
      written.copy(torn, from, from - at, to - at);
    }
    bytes = torn;
  }
  return bytes;
}
