import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openRollStream } from "../../src/log/rollStream.js";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "sessiond-roll-"))));
afterEach(() => {
  vi.useRealTimers();
  rmSync(dir, { recursive: true });
});

it("rejects with the system's reason when its file cannot be opened, and leaves no timer behind", async () => {
  const day = new Date().toLocaleDateString("sv");
  mkdirSync(join(dir, `log.${day}.1.log`));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const options = {
    size: "1000b",
    frequency: "daily",
    dateFormat: "yyyy-MM-dd",
    mode: 0o600,
    maxLength: 1_000,
  };
  const opening = openRollStream({ ...options, frequency: "daily", file: join(dir, "log") });
  await expect(opening).rejects.toMatchObject({ code: "EISDIR" });
  expect(vi.getTimerCount()).toBe(0);
});
