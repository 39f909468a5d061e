/**
 * How large a campaign is to be: a small one is part of every run of the tests, a large one is asked for by
 * `npm run test:crash`, which sets these variables.
 */
export const CAMPAIGN = {
  /** Times that a daemon with writers is killed. */
  cycles: sizeOf("SESSIOND_CRASH_CYCLES", 25),
  /** Times that a daemon with running commands is killed. */
  orphanCycles: sizeOf("SESSIOND_CRASH_ORPHAN_CYCLES", 5),
  /** Malformed inputs that one daemon gets. */
  malformedInputs: sizeOf("SESSIOND_CRASH_MALFORMED_INPUTS", 3_000),
  /** One of so many calls of the disk is struck in each deed that is killed at them; 1 is all of them, in all ways. */
  killEvery: sizeOf("SESSIOND_CRASH_KILL_EVERY", 16),
  /** The same chances come again with the same seed. */
  seed: sizeOf("SESSIOND_CRASH_SEED", Date.now() % 1_000_000_000),
} as const;

function sizeOf(variable: string, usual: number): number {
  const text = process.env[variable];
  if (text === undefined || text === "") return usual;
  const size = Number(text);
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new Error(`${variable} is ${JSON.stringify(text)}; a whole number above 0 is needed.`);
  }
  return size;
}
