import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { gzipText, readJsonFile } from "../../src/content/jsonFile.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();

async function reading(content: string | Uint8Array, name = "file.json", maxBytes = 1_000): Promise<unknown> {
  const path = join(await newFolder(), name);
  await writeFile(path, content);
  return readJsonFile(path, maxBytes);
}

describe("readJsonFile", () => {
  it("reads one value, compressed or not", async () => {
    expect(await reading('{"a":[1]}')).toEqual({ value: { a: [1] } });
    expect(await reading("null")).toEqual({ value: null });
    expect(await reading(await gzipText('{"a":1}'), "file.json.gz")).toEqual({ value: { a: 1 } });
    expect(await readJsonFile(join(await newFolder(), "none"), 10)).toEqual({ isMissing: true });
  });

  it("says in which line it stops to be JSON", async () => {
    expect(await reading('{\n"a": 1,\n"b" 2}')).toMatchObject({ fault: "line 3: it is not JSON" });
    expect(await reading('{\n"a": 1\n')).toMatchObject({
      fault: expect.stringMatching(/^line [23]: it is not JSON$/),
    });
    expect(await reading(" \n")).toEqual({ fault: "it is empty" });
    expect(await reading(Uint8Array.of(0x22, 0xff, 0x22))).toEqual({ fault: "it is not UTF-8" });
  });

  it("S1.8 names no line where the parser tells none, and quotes nothing: it may be a secret", async () => {
    for (const text of ['{\n"a": hunter2\n}\n\n', '[\n"hunter2",\n}\n\n', '{\n"a": "hunter2\n"\n}']) {
      const { fault } = (await reading(text)) as { fault: string };
      // Whether there is a position depends on the version of Node; the last line it never is.
      expect(fault).toMatch(/^(line [123]: )?it is not JSON$/);
    }
  });

  it("reads no more than it may, decompressed too, and follows no link", async () => {
    expect(await reading(" ".repeat(1_001))).toEqual({ fault: "it has 1001 bytes, and 1000 are allowed" });
    const bomb = await gzipText(" ".repeat(100_000));
    expect(await reading(bomb, "file.gz")).toMatchObject({ fault: expect.stringContaining("decompressed") });
    const folder = await newFolder();
    await symlink("/etc/passwd", join(folder, "link"));
    expect(await readJsonFile(join(folder, "link"), 1e6)).toEqual({ fault: "it is a symbolic link" });
    await expect(readJsonFile(join(folder, "link", "below"), 1e6)).rejects.toMatchObject({ code: "ENOTDIR" });
  });
});
