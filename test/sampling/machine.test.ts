import { describe, expect, it } from "vitest";

import { Machine } from "../../src/sampling/machine.js";

describe("the machine", () => {
  it("says what is in use, and takes looks within a second for one", () => {
    const times = [
      { idle: 50, total: 100 },
      { idle: 140, total: 200 },
    ];
    const machine = new Machine("/", () => times.shift() ?? { idle: 140, total: 200 });
    const first = machine.read(1_000);
    expect(first).toMatchObject({ at: 1_000, cpuPercent: 50 });
    expect(first.memoryBytes).toBeGreaterThan(0);
    expect(first.memoryBytes).toBeLessThan(first.totalMemoryBytes);
    expect(first.diskTotalBytes).toBeGreaterThan(first.diskFreeBytes);
    expect(machine.read(1_999)).toBe(first);
    expect(machine.read(2_000).cpuPercent).toBe(10);
    // Nothing has passed that could be measured.
    expect(machine.read(3_000).cpuPercent).toBe(0);
  });

  it("knows nothing of a disk that cannot be asked", () => {
    expect(new Machine("/nowhere/at/all").read(1)).toMatchObject({ diskFreeBytes: 0, diskTotalBytes: 0 });
  });
});
