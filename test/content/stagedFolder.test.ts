import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { appendBodies, readBodies } from "../../src/content/bodyFile.js";
import { bodyPath, folderName, outputPaths } from "../../src/content/places.js";
import { StagedFolder } from "../../src/content/stagedFolder.js";
import { placeStaged, removeAllStaged, syncStaging } from "../../src/content/staging.js";
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
    placeStaged(contentDir, staged.token, folderName(OWNER));
    await syncStaging(contentDir);
    expect(await stagedNow()).toEqual([]);
    await appendBodies(bodyPath(contentDir, OWNER, "conversation"), [{ seq: 8 }]);
    expect(await seqsIn("conversation")).toEqual([-5, -4, -3, -2, -1, 8]);
    expect(await seqsIn("activities")).toEqual([-1]);
    // A replay does it again.
    placeStaged(contentDir, staged.token, folderName(OWNER));
    expect(await seqsIn("conversation")).toHaveLength(6);
  });

  it("S2.2 takes output, however much and of however many, with one file open at a time", async () => {
    const staged = await StagedFolder.create(contentDir);
    const open = async (): Promise<number> => (await readdir("/proc/self/fd").catch(() => [])).length;
    const before = await open();
    for (let index = 0; index < 40; index += 1) {
      for (const piece of ["a", "b", `${index}`])
        await staged.addOutput(`c${index}`, "stdout", Buffer.from(piece));
      await staged.addOutput(`c${index}`, "stderr", Buffer.from([0xff, 0]));
    }
    expect(await open()).toBeLessThan(before + 20);
    await staged.seal();
    placeStaged(contentDir, staged.token, folderName(OWNER));
    const { folder, stdoutPath, stderrPath } = outputPaths(contentDir, OWNER, "c39");
    expect(await readdir(folder)).toHaveLength(80);
    expect(await readFile(stdoutPath, "utf8")).toBe("ab39");
    expect(await readFile(stderrPath)).toEqual(Buffer.from([0xff, 0]));
    expect((await stat(stdoutPath)).mode & 0o777).toBe(0o600);
  });

  it("leaves nothing where it is discarded, however far it came", async () => {
    const begun = await StagedFolder.create(contentDir);
    await begun.add("activities", { seq: -1 });
    await begun.addOutput("c", "stdout", Buffer.from("half"));
    await begun.discard();
    const sealed = await StagedFolder.create(contentDir);
    await sealed.add("activities", { seq: -1 });
    await sealed.seal();
    await sealed.discard();
    await sealed.discard();
    expect(await stagedNow()).toEqual([]);
  });

  it("is removed by a start that knows of no record, links not followed", async () => {
    await removeAllStaged(contentDir);
    await syncStaging(contentDir);
    await StagedFolder.create(contentDir);
    const outside = await newFolder();
    await writeFile(join(outside, "mine"), "mine");
    await symlink(outside, join(contentDir, ".staged", "link"));
    await removeAllStaged(contentDir);
    expect(await stagedNow()).toEqual([]);
    expect(await readFile(join(outside, "mine"), "utf8")).toBe("mine");
  });

  it("is none of another name, and takes no place that is in use", async () => {
    expect(() => placeStaged(contentDir, "../../etc", "s~7")).toThrow("none of this daemon's");
    const staged = await StagedFolder.create(contentDir);
    await mkdir(join(contentDir, "s~7", "output"), { recursive: true });
    expect(() => placeStaged(contentDir, staged.token, folderName(OWNER))).toThrow(/ENOTEMPTY|EEXIST/);
  });
});
