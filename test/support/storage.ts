import { describe, it } from "vitest";

/** What a daemon keeps its journal and its bodies in. */
export type Storage = "files" | "memory";

let current: Storage = "files";

/** Where the daemons of the tests that are being collected, or run, keep what they have. */
export function storage(): Storage {
  return current;
}

/**
 * Takes the tests of other files in once more, with all daemons in memory. For a file that does nothing else: the
 * storage stays in memory for the rest of it.
 */
export function describeInMemory(load: () => Promise<unknown>): void {
  current = "memory";
  describe("in memory", async () => {
    await load();
  });
}

/** A test of what files alone can do: outlive the daemon, be looked at and damaged from outside. */
export function itOnFiles(name: string, test: () => Promise<void>): void {
  if (current === "files") it(name, test);
}
