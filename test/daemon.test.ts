import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";

import { syncFolder } from "../src/disk/folder.js";
import { openDaemon } from "../src/index.js";

// Shows which folders are synced, and syncs them all the same.
vi.mock("../src/disk/folder.js", { spy: true });

it("a start makes the names of its folders durable, also of those that it found", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sessiond-daemon-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const dataDir = join(folder, "data");
  // As a daemon leaves them that was killed before it could sync them.
  for (const path of [dataDir, join(dataDir, "content")]) await mkdir(path, { mode: 0o700 });
  const daemon = await openDaemon({ dataDir });
  onTestFinished(() => daemon.close());
  const synced = vi.mocked(syncFolder).mock.calls.map(([path]) => path);
  expect(synced).toEqual(expect.arrayContaining([folder, dataDir, join(dataDir, "content")]));
});
