import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";

import { compressed, PortableLinesError, readPortableLines } from "../../src/content/portableLines.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();

let path: string;
beforeEach(async () => {
  path = join(await newFolder(), "file");
});

async function read(maxLineBytes = 1_000_000, onRead?: (readBytes: number, sizeBytes: number) => void) {
  const lines: string[] = [];
  const options = { maxLineBytes, ...(onRead === undefined ? {} : { onRead }) };
  for await (const block of readPortableLines(path, options)) lines.push(...block.map(String));
  return lines;
}

async function* piecesOf(...pieces: readonly (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    await Promise.resolve();
    if (piece instanceof Error) throw piece;
    yield Buffer.from(piece);
  }
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

describe("the lines of a file", () => {
  it("come as they are, compressed or not, and told how far", async () => {
    const long = "y".repeat(700_000);
    for (const write of [(text: string): string => text, (text: string): Buffer => gzipSync(text)]) {
      const content = write(`one\n\n${long}\nlast`);
      await writeFile(path, content);
      const told: [number, number][] = [];
      expect(await read(undefined, (...far) => void told.push(far))).toEqual(["one", "", long, "last"]);
      expect(told.at(-1)).toEqual([content.length, content.length]);
    }
    await writeFile(path, "");
    expect(await read()).toEqual([]);
  });

  it("are those that were compressed", async () => {
    const property = fc.asyncProperty(fc.array(fc.stringMatching(/^[^\n]*$/)), async (lines) => {
      await writeFile(path, await collect(compressed(piecesOf(...lines.map((line) => `${line}\n`)))));
      expect(await read()).toEqual(lines);
    });
    await fc.assert(property, { numRuns: 20 });
  });

  it("are refused where one is too long, or the file is none or cut", async () => {
    await writeFile(path, "z".repeat(600_000));
    await expect(read(1_000)).rejects.toThrow("a line is longer than 1000 bytes");
    await writeFile(path, gzipSync("one\ntwo\n").subarray(0, -6));
    await expect(read()).rejects.toThrow(PortableLinesError);
    path = join(await newFolder(), "folder");
    await mkdir(path);
    await expect(read()).rejects.toThrow("it is not a file");
    const link = `${path}-link`;
    await symlink(path, link);
    path = link;
    await expect(read()).rejects.toThrow("ELOOP");
  });

  it("fail to be compressed where they cannot be made", async () => {
    const broken = piecesOf("one\n", new Error("no more"));
    await expect(collect(compressed(broken))).rejects.toThrow("no more");
  });
});
