import { setTimeout as pause } from "node:timers/promises";

const WITHIN_MS = 10_000;

/** Waits, with a bound, until an expectation holds. Unlike `vi.waitFor`, it leaves fake timers alone. */
export async function eventually(expectation: () => void): Promise<void> {
  const giveUpAtMs = performance.now() + WITHIN_MS;
  for (;;) {
    try {
      return expectation();
    } catch (error) {
      if (performance.now() > giveUpAtMs) throw error;
      await pause(2);
    }
  }
}
