import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { archivableFiles, contentSizeBytes } from "../../src/content/archivedFolder.js";
import { diskOperations } from "../../src/disk/operations.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();
const owner = { sessionId: "s", createdSeq: 1 };
const NOTHING = { plain: [], compressed: [], pending: [] };
let root: string;
let contentDir: string;
let own: string;
beforeEach(async () => {
  root = await newFolder();
  contentDir = join(root, "content");
  own = join(contentDir, "s~1");
  await mkdir(join(own, "output"), { recursive: true });
  await mkdir(join(root, "outside"));
  await writeFile(join(root, "outside", "activities.jsonl"), "0123456789");
});

describe("the files that are archived", () => {
  it("S0.10 are the bodies and the output, by their plain names", async () => {
    for (const name of ["activities.jsonl", "conversation.jsonl", "conversation.jsonl.gz", "metadata.json"])
      await writeFile(join(own, name), "");
    for (const name of ["c.stdout.log", "c.stderr.log.gz", "c.txt"])
      await writeFile(join(own, "output", name), "");
    await writeFile(join(own, "activities.jsonl.gz.0123456789ab.tmp"), "");
    await writeFile(join(own, "metadata.json.0123456789ab.tmp"), "");
    const { plain, compressed, pending } = await archivableFiles(contentDir, owner);
    expect(plain.toSorted()).toEqual([
      join(own, "activities.jsonl"),
      join(own, "conversation.jsonl"),
      join(own, "output", "c.stdout.log"),
    ]);
    expect(compressed).toEqual([join(own, "conversation.jsonl"), join(own, "output", "c.stderr.log")]);
    expect(pending).toEqual([join(own, "activities.jsonl.gz.0123456789ab.tmp")]);
  });

  it("S0.10 are no links, and none lie behind one", async () => {
    await symlink(join(root, "outside", "activities.jsonl"), join(own, "activities.jsonl"));
    await symlink(join(root, "outside", "activities.jsonl"), join(own, "conversation.jsonl.gz"));
    await mkdir(join(own, "odd.jsonl"));
    const linked = { sessionId: "linked", createdSeq: 2 };
    await mkdir(join(contentDir, "linked~2"));
    await symlink(join(root, "outside"), join(contentDir, "linked~2", "output"));
    const replaced = { sessionId: "replaced", createdSeq: 3 };
    await symlink(join(root, "outside"), join(contentDir, "replaced~3"));
    for (const one of [owner, linked, replaced, { sessionId: "gone", createdSeq: 4 }])
      expect(await archivableFiles(contentDir, one)).toEqual(NOTHING);
  });
});

describe("what a session holds", () => {
  it("B.7 is counted to the byte, links and what they lead to aside", async () => {
    await writeFile(join(own, "activities.jsonl"), "12345");
    await writeFile(join(own, "output", "c.stdout.log"), "123");
    await mkdir(join(own, "a", "b"), { recursive: true });
    await writeFile(join(own, "a", "b", "deep"), "12");
    await symlink(join(root, "outside", "activities.jsonl"), join(own, "link"));
    await symlink(join(root, "outside"), join(own, "a", "folder"));
    await symlink("..", join(own, "a", "loop"));
    expect(await contentSizeBytes(contentDir, owner)).toBe(10);
  });

  it("B.7 is nothing where the folder is missing, or leads elsewhere", async () => {
    await symlink(join(root, "outside"), join(contentDir, "replaced~3"));
    expect(await contentSizeBytes(contentDir, { sessionId: "replaced", createdSeq: 3 })).toBe(0);
    expect(await contentSizeBytes(contentDir, { sessionId: "gone", createdSeq: 4 })).toBe(0);
  });

  it("tells where the disk does not answer, and not where something went away meanwhile", async () => {
    await writeFile(join(own, "activities.jsonl"), "12345");
    const failing = (code: string, call: "lstat" | "readdir"): typeof diskOperations => ({
      ...diskOperations,
      [call]: async (path: string) => {
        if (path !== own) return call === "lstat" ? diskOperations.lstat(path) : diskOperations.readdir(path);
        throw Object.assign(new Error(code), { code });
      },
    });
    for (const call of ["lstat", "readdir"] as const) {
      expect(await contentSizeBytes(contentDir, owner, failing("ENOENT", call))).toBe(0);
      await expect(contentSizeBytes(contentDir, owner, failing("EIO", call))).rejects.toThrow("EIO");
    }
  });
});
