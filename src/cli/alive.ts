import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Whether a process still runs. One that has ended and was not yet reaped by its parent does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Not allowed to signal it means that it is there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return process.platform !== "linux" || !isZombie(pid);
}

function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name before it may hold anything, a parenthesis too.
    return /^ [ZX]/.test(stat.slice(stat.lastIndexOf(")") + 1));
  } catch {
    // It went away between the two looks.
    return true;
  }
}

const LOOK_EVERY_MS = 20;

/** Waits until `holds` answers something else than false; answers that, or false when time is up. */
export async function until<T>(
  holds: () => Promise<T | false> | T | false,
  withinMs: number,
): Promise<T | false> {
  const giveUpAtMs = performance.now() + withinMs;
  for (;;) {
    const held = await holds();
    if (held !== false || performance.now() >= giveUpAtMs) return held;
    await delay(LOOK_EVERY_MS);
  }
}
