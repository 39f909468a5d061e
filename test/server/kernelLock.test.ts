import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tryKernelLock } from "../../src/server/kernelLock.js";

vi.mock("node:fs", async (original) => {
  const actual = await original<typeof fs>();
  return { ...actual, openSync: vi.fn(actual.openSync) };
});

let folder: string;
let lockFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sessiond-kernel-lock-"));
  lockFile = join(folder, "daemon.lock");
});
afterEach(() => {
  vi.mocked(openSync).mockClear();
  rmSync(folder, { recursive: true });
});

/** A program in the place of flock. */
function program(script: string): string {
  const path = join(folder, "flock.sh");
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  return path;
}

describe("the program flock", () => {
  it("is believed when it says in silence that somebody else has the lock", () => {
    expect(tryKernelLock(lockFile, { flockProgram: program("exit 1") })).toEqual({ outcome: "held" });
  });

  it.each([
    ["echo 'flock: 3: No locks available' >&2; exit 1", "flock: 3: No locks available"],
    ["exit 71", "flock ended with 71"],
    ["kill -9 $$", "flock ended with null"],
  ])("stops the start when it fails otherwise: %s", (script, why) => {
    const attempt = () => tryKernelLock(lockFile, { flockProgram: program(script) });
    expect(attempt).toThrow(`${lockFile} cannot be locked: ${why}.`);
  });

  it("stops the start when it cannot be run", () => {
    expect(() => tryKernelLock(lockFile, { flockProgram: folder })).toThrow("EACCES");
  });

  it("is asked again when the file lost its name in the meantime, but not for ever", () => {
    const other = join(folder, "other");
    const once = program(`[ -e ${other} ] || mv ${lockFile} ${other}`);
    const taken = tryKernelLock(lockFile, { flockProgram: once });
    expect(taken.outcome).toBe("ours");
    if (taken.outcome === "ours") closeSync(taken.fd);
    expect(() => tryKernelLock(lockFile, { flockProgram: program(`rm ${lockFile}`) })).toThrow(
      "again and again",
    );
  });

  it("locks the file of that name and nothing that a link leads to", () => {
    symlinkSync("elsewhere", lockFile);
    expect(() => tryKernelLock(lockFile)).toThrow("ELOOP");
  });
});

describe("macOS, where opening locks", () => {
  const failing = (code: string) =>
    vi.mocked(openSync).mockImplementationOnce(() => {
      throw Object.assign(new Error(code), { code });
    });

  it("asks open(2) for an exclusive lock without waiting", () => {
    vi.mocked(openSync).mockClear();
    const taken = tryKernelLock(lockFile, { platform: "darwin" });
    expect(taken.outcome).toBe("ours");
    expect(Number(vi.mocked(openSync).mock.calls[0]?.[1]) & 0x24).toBe(0x24);
    if (taken.outcome === "ours") closeSync(taken.fd);
  });

  it("hears from it that somebody else has the lock, or that there are none", () => {
    failing("EAGAIN");
    expect(tryKernelLock(lockFile, { platform: "darwin" })).toEqual({ outcome: "held" });
    failing("ENOTSUP");
    expect(tryKernelLock(lockFile, { platform: "darwin" })).toMatchObject({ outcome: "unavailable" });
    failing("EROFS");
    expect(() => tryKernelLock(lockFile, { platform: "darwin" })).toThrow("EROFS");
  });
});
