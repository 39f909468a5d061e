import { readdir } from "node:fs/promises";
import { expect, it, onTestFinished } from "vitest";

import { describeIf } from "../support/requires.js";
import { MOUNT_NEEDS, SmallDisk } from "./smallDisk.js";

const MIB = 1_024 * 1_024;

describeIf(SmallDisk.canMount(), MOUNT_NEEDS, "a small disk", () => {
  it("is seen by nobody outside of its namespace, and holds no more than it should", async () => {
    const disk = await SmallDisk.mount(MIB);
    onTestFinished(() => disk.close());
    const size = await disk.fill("x");
    expect(size).toBeGreaterThan(MIB / 2);
    expect(size).toBeLessThanOrEqual(MIB);
    expect(await readdir(disk.folder)).toEqual([]);
    expect(await readdir(disk.fromHere(disk.folder))).toEqual(["x"]);
    await disk.free("x");
    expect(await disk.fill("y", 1_000)).toBe(1_000);
  });
});
