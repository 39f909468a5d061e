import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { faultOfRegistryFile, registryPieces } from "../../src/content/registryFile.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();
let path: string;
beforeEach(async () => (path = join(await newFolder(), "registry.json")));

/** Entries that are, written, longer than what is parsed at once. */
const MANY = Array.from(
  { length: 4_000 },
  (_, index) => [`session-${index}`, { status: "active", filler: "x".repeat(50) }] as const,
);
const BIG = [...registryPieces(MANY)].join("");

async function faultOf(text: string): Promise<string | undefined> {
  await writeFile(path, text);
  return faultOfRegistryFile(path);
}

describe("a registry", () => {
  it("is written in pieces that make the documented shape, however many sessions there are", () => {
    for (const length of [0, 1, 2, 3, 4, 5, 7]) {
      const entries = MANY.slice(0, length);
      const pieces = [...registryPieces(entries, 2)];
      expect(pieces.length).toBe(Math.floor(length / 2) + 1);
      expect(JSON.parse(pieces.join(""))).toEqual({ sessions: Object.fromEntries(entries) });
    }
  });

  it("S1.8 is well as it was written, small and large; one that is missing is no damage", async () => {
    expect(await faultOfRegistryFile(path)).toBeUndefined();
    expect(await faultOf([...registryPieces([])].join(""))).toBeUndefined();
    expect(await faultOf('{"sessions":{}}')).toBeUndefined();
    expect(BIG.length).toBeGreaterThan(256 * 1024);
    expect(await faultOf(BIG)).toBeUndefined();
  });

  it("S1.8 has a fault where anything of it is not", async () => {
    expect(await faultOf("{")).toMatch(/^line 1: it is not JSON/);
    expect(await faultOf('{"sessions":[]}')).toBe('it has no object "sessions"');
    expect(await faultOf("[]")).toBe('it has no object "sessions"');
    const lines = BIG.split("\n");
    const with_ = (index: number, line: string): string => lines.with(index, line).join("\n");
    expect(await faultOf(`[${BIG}`)).toBe("line 1: it does not begin as a registry");
    expect(await faultOf(with_(100, "\0".repeat(90)))).toBe("line 101: it is no entry of a session");
    expect(await faultOf(with_(100, '    "a": 1,'))).toBe("line 101: it is no entry of a session");
    expect(await faultOf(with_(100, lines[100]?.slice(0, -1) ?? ""))).toBe("line 102: a comma is missing");
    expect(await faultOf(BIG.slice(0, -1))).toMatch(/^line \d+: it breaks off$/);
    expect(await faultOf(BIG.slice(0, BIG.lastIndexOf('"session-3999"') - 6) + "\n")).toBe("it breaks off");
    expect(await faultOf(`${BIG}more\n`)).toBe("line 4005: it ends in another way");
    expect(await faultOf(with_(4_001, `${lines[4_001]},`))).toBe("line 4003: it ends in another way");
  });

  it("S1.8 has a fault where a line is longer than any that is written here", async () => {
    const long = `    "long": ${JSON.stringify({ filler: "x".repeat(70_000) })},`;
    const lines = BIG.split("\n");
    const offset = Buffer.byteLength(lines.slice(0, 2_000).join("\n")) + 1;
    const fault = `the line at offset ${offset} is longer than an entry of a session`;
    expect(await faultOf(lines.toSpliced(2_000, 0, long).join("\n"))).toBe(fault);
    expect(await faultOf(`{"sessions":{"a":"${"x".repeat(300_000)}"}}`)).toMatch(/^the line at offset 0 /);
  });

  it("S1.8 is no folder", async () => {
    await rm(path, { force: true });
    await mkdir(path);
    expect(await faultOfRegistryFile(path)).toBe("it is not a file");
  });
});
