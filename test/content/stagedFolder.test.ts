import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { appendBodies, readBodies } from "../../src/content/bodyFile.js";
import { bodyPath } from "../../src/content/places.js";
import { placeStaged, removeStaged, StagedFolder, syncPlaced } from "../../src/content/stagedFolder.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();
const OWNER = { sessionId: "s", createdSeq: 7 };

let contentDir: string;
beforeEach(async () => {
  contentDir = join(await newFolder(), "content");
  await mkdir(contentDir);
});

const stagedNow = (): Promise<string[]> => readdir(join(contentDir, ".staged")).catch(() => []);

async function seqsIn(kind: "activities" | "conversation"): Promise<number[]> {
  const seqs: number[] = [];
  for await (const found of readBodies(bodyPath(contentDir, OWNER, kind), { order: "oldest" }))
    if ("body" in found) seqs.push(found.body.seq);
  return seqs;
}

describe("a staged folder", () => {
  it("becomes that of its session, and what comes later stands behind what was in it", async () => {
    const staged = await StagedFolder.create(contentDir);
    const text = "x".repeat(100_000);
    for (let seq = -5; seq < 0; seq += 1) {
      const body: { readonly seq: number } & Readonly<Record<string, unknown>> = { seq, text };
      await staged.add("conversation", body);
    }
    await staged.add("activities", { seq: -1 });
    await staged.seal();
    expect(await readdir(join(contentDir, ".staged", staged.token))).toEqual([
      "activities.jsonl",
      "conversation.jsonl",
    ]);
    placeStaged(contentDir, staged.token, OWNER);
    await syncPlaced(contentDir);
    expect(await stagedNow()).toEqual([]);
    await appendBodies(bodyPath(contentDir, OWNER, "conversation"), [{ seq: 8 }]);
    expect(await seqsIn("conversation")).toEqual([-5, -4, -3, -2, -1, 8]);
    expect(await seqsIn("activities")).toEqual([-1]);
    // A replay does it again.
    placeStaged(contentDir, staged.token, OWNER);
    expect(await seqsIn("conversation")).toHaveLength(6);
  });

  it("leaves nothing where it is discarded, however far it came", async () => {
    const begun = await StagedFolder.create(contentDir);
    await begun.add("activities", { seq: -1 });
    await begun.discard();
    const sealed = await StagedFolder.create(contentDir);
    await sealed.add("activities", { seq: -1 });
    await sealed.seal();
    await sealed.discard();
    await sealed.discard();
    expect(await stagedNow()).toEqual([]);
  });

  it("is removed by a start that knows of no record, links not followed", async () => {
    await removeStaged(contentDir);
    await syncPlaced(contentDir);
    await StagedFolder.create(contentDir);
    const outside = await newFolder();
    await writeFile(join(outside, "mine"), "mine");
    await symlink(outside, join(contentDir, ".staged", "link"));
    await removeStaged(contentDir);
    expect(await stagedNow()).toEqual([]);
    expect(await readFile(join(outside, "mine"), "utf8")).toBe("mine");
  });

  it("is none of another name, and takes no place that is in use", async () => {
    expect(() => placeStaged(contentDir, "../../etc", OWNER)).toThrow("none of this daemon's");
    const staged = await StagedFolder.create(contentDir);
    await mkdir(join(contentDir, "s~7", "output"), { recursive: true });
    expect(() => placeStaged(contentDir, staged.token, OWNER)).toThrow(/ENOTEMPTY|EEXIST/);
  });
});
