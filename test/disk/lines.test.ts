import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  LineTooLongError,
  readFully,
  readLines,
  readLinesBackward,
  type Line,
} from "../../src/disk/lines.js";
import { diskOperations } from "../../src/disk/operations.js";
import { temporaryFolders } from "./temporaryFolder.js";

const folder = temporaryFolders();

async function collect(lines: AsyncIterable<Line>): Promise<[number, string, boolean][]> {
  const found: [number, string, boolean][] = [];
  for await (const { offset, bytes, terminated } of lines)
    found.push([offset, bytes.toString("latin1"), terminated]);
  return found;
}

/** The same by the simplest means. */
function expected(text: string): [number, string, boolean][] {
  const parts = text.split("\n");
  let offset = 0;
  return parts
    .map((part, index): [number, string, boolean] => {
      const at = offset;
      offset += part.length + 1;
      return [at, part, index < parts.length - 1];
    })
    .filter(([, part, terminated]) => terminated || part !== "");
}

describe("lines of a file", () => {
  it("are the same forward and backward, whatever the chunks", async () => {
    const path = join(await folder(), "lines");
    const texts = fc.string({ unit: fc.constantFrom("a", "\n", "\r", "\u0085", "b"), maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 9 }), async (text, chunkBytes) => {
        await writeFile(path, text, "latin1");
        expect(await collect(readLines(path, { chunkBytes }))).toEqual(expected(text));
        expect(await collect(readLinesBackward(path, { chunkBytes }))).toEqual(expected(text).toReversed());
      }),
      { numRuns: 150 },
    );
  });

  it("are read between two offsets", async () => {
    const path = join(await folder(), "lines");
    await writeFile(path, "one\ntwo\nthree\n");
    expect(await collect(readLines(path, { from: 4, to: 8 }))).toEqual([[4, "two", true]]);
    expect(await collect(readLines(path, { from: 4, to: 7 }))).toEqual([[4, "two", false]]);
    expect(await collect(readLines(path, { from: 14 }))).toEqual([]);
    expect(await collect(readLinesBackward(path, { to: 8 }))).toEqual([
      [4, "two", true],
      [0, "one", true],
    ]);
  });

  it("have a bound", async () => {
    const path = join(await folder(), "lines");
    await writeFile(path, `short\n${"x".repeat(100)}\nshort\n`);
    const options = { chunkBytes: 8, maxLineBytes: 50 };
    await expect(collect(readLines(path, options))).rejects.toThrow(LineTooLongError);
    await expect(collect(readLines(path, options))).rejects.toMatchObject({ offset: 6 });
    await expect(collect(readLinesBackward(path, options))).rejects.toThrow(LineTooLongError);
  });

  it("have the same bound where a chunk holds them whole, and those before are given first", async () => {
    const path = join(await folder(), "lines");
    await writeFile(path, `one\n${"x".repeat(51)}\ntwo\n${"x".repeat(50)}\n`);
    for (const [lines, given] of [
      [readLines(path, { maxLineBytes: 50 }), ["one"]],
      [readLinesBackward(path, { maxLineBytes: 50 }), ["x".repeat(50), "two"]],
    ] as const) {
      const seen: string[] = [];
      const reading = async () => {
        for await (const { bytes } of lines) seen.push(bytes.toString());
      };
      await expect(reading()).rejects.toMatchObject({ name: "LineTooLongError", offset: 4 });
      expect(seen).toEqual(given);
    }
  });

  it("are given up early without leaving the file open", async () => {
    const path = join(await folder(), "lines");
    await writeFile(path, "one\ntwo\n");
    let open = 0;
    const operations = {
      ...diskOperations,
      open: async (name: string, flags: number) => {
        open++;
        return diskOperations.open(name, flags);
      },
      close: async (fd: number) => {
        open--;
        return diskOperations.close(fd);
      },
    };
    for await (const { bytes } of readLines(path, { operations })) {
      expect([bytes.toString(), open]).toEqual(["one", 1]);
      break;
    }
    for await (const { bytes } of readLinesBackward(path, { operations })) {
      expect([bytes.toString(), open]).toEqual(["two", 1]);
      break;
    }
    expect(open).toBe(0);
  });

  it("an exact range that is not there is an error", async () => {
    const path = join(await folder(), "lines");
    await writeFile(path, "123");
    const fd = await diskOperations.open(path, 0);
    expect((await readFully(diskOperations, { path, fd }, 1, 2)).toString()).toBe("23");
    await expect(readFully(diskOperations, { path, fd }, 1, 3)).rejects.toThrow(`${path} ended at 3`);
    await diskOperations.close(fd);
  });
});
