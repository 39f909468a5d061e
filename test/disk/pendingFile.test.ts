import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";

import { diskOperations } from "../../src/disk/operations.js";
import { PendingFile, removePending } from "../../src/disk/pendingFile.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();

it("removes what a crash left of one file, and of no other", async () => {
  const folder = await newFolder();
  const path = join(folder, "a.json");
  const left = await PendingFile.create(path, 0o600, diskOperations);
  await left.close();
  const others = ["a.json", "a.json.gz.0123456789ab.tmp", "b.json.0123456789ab.tmp", "a.json.tmp"];
  for (const name of others) await writeFile(join(folder, name), "");
  await removePending(path, diskOperations);
  expect((await readdir(folder)).toSorted()).toEqual(others.toSorted());
  await removePending(join(folder, "none", "a.json"), diskOperations);
  const failing = { ...diskOperations, readdir: () => Promise.reject(new Error("EIO")) };
  await expect(removePending(path, failing)).rejects.toThrow("EIO");
});
