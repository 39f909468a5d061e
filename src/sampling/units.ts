import { readFileSync } from "node:fs";

/** In what the kernel counts where it tells of processes. */
export interface KernelUnits {
  readonly ticksPerSecond: number;
  readonly pageBytes: number;
}

// Entries of the auxiliary vector, see getauxval(3).
const AT_PAGESZ = 6;
const AT_CLKTCK = 17;
const USUAL: KernelUnits = { ticksPerSecond: 100, pageBytes: 4_096 };
const NARROW_ARCHITECTURES = new Set(["arm", "ia32", "mips", "mipsel"]);

/** Read from the auxiliary vector of this process; the usual ones where there is none. */
export function readKernelUnits(file = "/proc/self/auxv"): KernelUnits {
  const found = new Map<number, number>();
  const wordBytes = NARROW_ARCHITECTURES.has(process.arch) ? 4 : 8;
  try {
    const bytes = readFileSync(file);
    // The values that are wanted fit into the low half of a word; all of Node's architectures but s390x have it first.
    for (let at = 0; at + 2 * wordBytes <= bytes.length; at += 2 * wordBytes)
      found.set(bytes.readUInt32LE(at), bytes.readUInt32LE(at + wordBytes));
  } catch {
    return USUAL;
  }
  return {
    ticksPerSecond: found.get(AT_CLKTCK) || USUAL.ticksPerSecond,
    pageBytes: found.get(AT_PAGESZ) || USUAL.pageBytes,
  };
}
