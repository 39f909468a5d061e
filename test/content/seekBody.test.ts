import { open, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";

import { type BodyPlace, seekBody } from "../../src/content/seekBody.js";
import { checkedLine } from "../../src/disk/checkedLine.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();
let path: string;
beforeEach(async () => {
  path = join(await newFolder(), "conversation.jsonl");
});

/** Writes bodies with texts of these lengths, and answers where each begins. */
async function write(lengths: readonly number[]): Promise<number[]> {
  const lines = lengths.map((length, at) => checkedLine({ seq: at + 1, text: "x".repeat(length) }, 0).line);
  await writeFile(path, lines.join(""));
  let offset = 0;
  return lines.map((line) => {
    offset += line.length;
    return offset - line.length;
  });
}

/** The place behind the body of a seq. */
const behind = (seq: number): BodyPlace => ({ key: "seq", least: seq + 1 });

describe("the place from which on bodies are wanted", () => {
  it("is found wherever it is, in short and long lines", async () => {
    const lengths = fc.array(fc.oneof(fc.nat(40), fc.nat(5_000), fc.integer({ min: 60_000, max: 150_000 })), {
      minLength: 1,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(lengths, fc.nat(61), async (list, last) => {
        const offsets = await write(list);
        const size =
          (offsets.at(-1) ?? 0) +
          checkedLine({ seq: list.length, text: "x".repeat(list.at(-1) ?? 0) }, 0).line.length;
        expect(await seekBody(path, behind(last))).toBe(offsets[last] ?? size);
      }),
      { numRuns: 60 },
    );
  });

  it("is found past lines that are damaged, also where the first good one is looked for", async () => {
    const offsets = await write(Array.from({ length: 400 }, () => 1_000));
    const file = await open(path, "r+");
    for (let line = 150; line < 260; line += 1) await file.write("?", (offsets[line] ?? 0) + 40);
    await file.close();
    expect(await seekBody(path, behind(100))).toBe(offsets[100]);
    expect(await seekBody(path, behind(150))).toBe(offsets[260]);
    expect(await seekBody(path, behind(200))).toBe(offsets[260]);
    expect(await seekBody(path, behind(300))).toBe(offsets[300]);
  });

  it("is not taken for found in the middle of a line that looks like another one", async () => {
    const decoy = checkedLine({ seq: 999, text: "" }, 0).line.trimEnd();
    const lines = Array.from({ length: 300 }, (_, at) => {
      const blocks = Array.from({ length: 20 }, () => JSON.parse(decoy) as object);
      return checkedLine({ seq: at + 1, text: "x".repeat(300), blocks }, 0).line;
    });
    await writeFile(path, lines.join(""));
    const offset = lines.slice(0, 123).join("").length;
    expect(await seekBody(path, behind(123))).toBe(offset);
  });

  it("is where a file ends whose bodies all come before, and nowhere in one that is gone", async () => {
    await write([10, 10]);
    expect(await seekBody(path, behind(99))).toBe((await stat(path)).size);
    await rm(path);
    expect(await seekBody(path, behind(99))).toBe(0);
    await expect(seekBody(join(path, "..", "\0"), behind(99))).rejects.toThrow("null bytes");
  });
});
