import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { pruneLogFiles } from "../../src/log/prune.js";

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "sessiond-prune-"))));
afterEach(() => rm(folder, { recursive: true }));

const fill = (...names: string[]) => Promise.all(names.map((name) => writeFile(join(folder, name), "")));

it("keeps the newest by day and number, and everything that is not its own", async () => {
  const others = ["notes.txt", "other.2026-11-01.1.log", "sessiond.log", "sessiond.2026-11-01.x.log"];
  await fill(
    ...others,
    "sessiond.2026-11-19.12.log",
    "sessiond.2026-11-20.2.log",
    "sessiond.2026-11-20.10.log",
  );
  const live = "sessiond.2026-11-21.1.log";
  await fill(live, "sessiond.2026-11-02.1.log");
  await pruneLogFiles(join(folder, live), 3);
  expect((await readdir(folder)).sort()).toEqual(
    [...others, live, "sessiond.2026-11-20.2.log", "sessiond.2026-11-20.10.log"].sort(),
  );
});

it("never touches the live one, nor one that is about to become it", async () => {
  const live = "sessiond.2026-11-20.1.log";
  const later = ["sessiond.2026-11-20.2.log", "sessiond.2026-11-21.1.log"];
  await fill("sessiond.2026-11-19.1.log", live, ...later);
  await pruneLogFiles(join(folder, live), 9);
  expect(await readdir(folder)).toHaveLength(4);
  await pruneLogFiles(join(folder, live), 1);
  expect((await readdir(folder)).sort()).toEqual([live, ...later].sort());
});

it("does nothing for a file that is none of a log", async () => {
  await fill("sessiond.2026-11-19.1.log");
  await pruneLogFiles(join(folder, "sessiond.log"), 1);
  expect(await readdir(folder)).toHaveLength(1);
});
