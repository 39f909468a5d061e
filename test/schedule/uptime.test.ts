import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readUptime, writeUptime } from "../../src/schedule/uptime.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sessiond-uptime-"));
  path = join(folder, "uptime.json");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the up-time file", () => {
  it("remembers the last up-time, and nothing beside it is left", async () => {
    await writeUptime(path, 12.4);
    await writeUptime(path, 123_456.7);
    expect(await readUptime(path)).toBe(123_457);
    expect(await readFile(path, "utf8")).toBe('{"upMs":123457}\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["uptime.json"]);
  });

  it("is 0 when it is missing, or no file", async () => {
    expect(await readUptime(path)).toBe(0);
    await mkdir(path);
    expect(await readUptime(path)).toBe(0);
  });

  it.each([
    "",
    "{",
    "null",
    "7",
    "[]",
    '{"upMs":"5"}',
    '{"upMs":-1}',
    '{"upMs":null}',
    '{"upMs":1e999}',
    "\0\0\0",
  ])("is 0 when it holds %j", async (content) => {
    await writeFile(path, content);
    expect(await readUptime(path)).toBe(0);
  });

  it("says when it cannot be written", async () => {
    await expect(writeUptime(join(folder, "missing", "uptime.json"), 1)).rejects.toThrow(/ENOENT/);
  });
});
