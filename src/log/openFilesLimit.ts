import { readFileSync } from "node:fs";

/** The usual limit, where the system does not tell. */
const USUAL = 256;

/** How many files this process may have open at once. */
export function openFilesLimit(file = "/proc/self/limits"): number {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync(file, "utf8"))?.[1];
    if (soft === undefined) return USUAL;
    return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return USUAL;
  }
}
