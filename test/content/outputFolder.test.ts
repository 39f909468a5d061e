import { mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { prepareOutput, removeContent, removeOutput } from "../../src/content/outputFolder.js";
import { bodyPath, folderName, outputPaths } from "../../src/content/places.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();
const owner = { sessionId: "s", createdSeq: 7 };
let root: string;
beforeEach(async () => (root = await newFolder()));

describe("the places of a session", () => {
  it("lie in one folder, which is its own also when the id is used again", () => {
    expect(folderName(owner)).toBe("s~7");
    expect(folderName({ sessionId: "s", createdSeq: 8 })).not.toBe(folderName(owner));
    expect(bodyPath("/c", owner, "activities")).toBe("/c/s~7/activities.jsonl");
    expect(outputPaths("/c", owner, "x")).toEqual({
      folder: "/c/s~7/output",
      stdoutPath: "/c/s~7/output/x.stdout.log",
      stderrPath: "/c/s~7/output/x.stderr.log",
    });
  });

  it("never meet those of another, since no id holds a tilde", () => {
    // "a~1" and 2, or "a" and … : the last tilde is the separator, and the only one.
    for (const sessionId of ["archive", "a.b", "a-1", "A"]) {
      expect(folderName({ sessionId, createdSeq: 1 }).split("~")).toEqual([sessionId, "1"]);
    }
  });
});

describe("the output of a command", () => {
  it("has a folder before it is written", async () => {
    const { stdoutPath } = await prepareOutput(root, owner, "c");
    await writeFile(stdoutPath, "said");
    expect((await stat(join(root, "s~7", "output"))).mode & 0o777).toBe(0o700);
    await prepareOutput(root, owner, "c");
  });

  it("is removed by itself, and may be gone already", async () => {
    const one = await prepareOutput(root, owner, "one");
    const two = await prepareOutput(root, owner, "two");
    for (const path of [one.stdoutPath, one.stderrPath, two.stdoutPath]) await writeFile(path, "said");
    await removeOutput(root, owner, "one");
    await removeOutput(root, owner, "one");
    await removeOutput(root, { sessionId: "other", createdSeq: 1 }, "one");
    expect(await readdir(join(root, "s~7", "output"))).toEqual(["two.stdout.log"]);
  });
});

describe("the content of a session", () => {
  it("is removed with all that is in it, and nothing beside or behind it", async () => {
    const outside = await newFolder();
    await writeFile(join(outside, "precious"), "");
    await prepareOutput(root, owner, "c");
    await symlink(outside, join(root, "s~7", "output", "link"));
    await mkdir(join(root, "s~70"));
    await removeContent(root, owner);
    expect(await readdir(root)).toEqual(["s~70"]);
    expect(await readdir(outside)).toEqual(["precious"]);
  });

  it("may never have been there", async () => {
    await removeContent(root, owner);
    await removeContent(join(root, "not", "made"), owner);
    expect(await readdir(root)).toEqual([]);
  });

  it("is not looked for where there is no folder", async () => {
    await writeFile(join(root, "file"), "");
    await expect(removeContent(join(root, "file"), owner)).rejects.toThrow("not a folder of its own");
  });
});
