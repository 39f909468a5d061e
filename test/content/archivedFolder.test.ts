import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { archivableFiles } from "../../src/content/archivedFolder.js";
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
