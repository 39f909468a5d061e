import type * as fs from "node:fs";
import { mkdtempSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openDaemonLog } from "../../src/log/daemonLog.js";

vi.mock("node:fs", async (original) => ({
  ...(await original<typeof fs>()),
  writeSync: vi.fn<typeof writeSync>(),
}));

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "sessiond-complaint-"))));
afterEach(() => rmSync(dir, { recursive: true }));

async function openBadLog(): Promise<void> {
  const path = join(dir, "log");
  writeFileSync(path, "in the way");
  const log = await openDaemonLog({ dir: path, level: "info", maxSizeBytes: 1_000_000, keepFiles: 1 });
  log.logger.error("lost");
  log.logger.error("lost");
  await log.close();
}

it("is one sentence on standard error when nobody else is there to hear it", async () => {
  await openBadLog();
  expect(vi.mocked(writeSync).mock.calls).toEqual([
    [2, expect.stringMatching(/^sessiond: trouble with the log .*is not a folder.*\n$|EEXIST|ENOTDIR/)],
  ]);
});

it("is swallowed when standard error is gone, too", async () => {
  vi.mocked(writeSync).mockImplementation(() => {
    throw Object.assign(new Error("broken pipe"), { code: "EPIPE" });
  });
  await expect(openBadLog()).resolves.toBeUndefined();
});
