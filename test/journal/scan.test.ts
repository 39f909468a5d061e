import { describe, expect, it } from "vitest";
import { checkedLine } from "../../src/disk/checkedLine.js";
import { SegmentScan } from "../../src/journal/scan.js";
import { SimulatedDisk } from "./simulatedDisk.js";

describe("the scan of a segment", () => {
  it.each([
    ["a seq that does not rise", { seq: 5, durable: 0 }],
    ["a claim of what comes later", { seq: 7, durable: 6 }],
    ["no position", { durable: 0, seq: 7 }],
  ])("stops at %s, though the checksum is right", async (_, position) => {
    const good = checkedLine({ seq: 5, durable: 4, at: 1 }, 9);
    const bad = checkedLine({ ...position, at: 1 }, good.crc);
    const disk = new SimulatedDisk();
    disk.put("/segment", Buffer.from(good.line + bad.line));
    const scan = new SegmentScan("/segment", { seq: 4, offset: 0, chain: 9 }, disk);
    const seqs: number[] = [];
    for await (const block of scan.blocks()) seqs.push(...block.map(({ seq }) => seq));
    expect(seqs).toEqual([5]);
    expect(scan.position).toEqual({ seq: 5, offset: good.line.length, chain: good.crc });
    expect(scan.bad?.line.offset).toBe(good.line.length);
    expect(scan.bad?.reason).toContain("after seq 5");
  });
});
