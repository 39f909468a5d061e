import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { runHook } from "../../src/process/hook.js";
import { until } from "../support/until.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sessiond-hook-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

const HOUR_MS = 3_600_000;

function run(
  script: string,
  { input = "", timeoutMs = HOUR_MS, signal = new AbortController().signal } = {},
): Promise<string | undefined> {
  const argv = ["/bin/sh", "-c", script, "sh", folder];
  return runHook({ argv, input, env: { TOLD: "yes" }, timeoutMs, signal });
}

const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");

/** The pid that a script wrote down. */
const pidIn = (name: string): Promise<number> =>
  until(`a pid in ${name}`, () =>
    read(name)
      .then(Number, () => undefined)
      .then((pid) => pid || undefined),
  );

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("a hook", () => {
  it("reads its input, in an environment that is small", async () => {
    vi.stubEnv("DAEMONS_OWN", "secret");
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await run('cat > "$1/in"; env > "$1/env"', { input: '{"a":1}\n' })).toBeUndefined();
    expect(await read("in")).toBe('{"a":1}\n');
    expect(await read("env")).toContain("TOLD=yes");
    expect(await read("env")).not.toContain("DAEMONS_OWN");
  });

  it("says how it failed, with the beginning of what it complained about", async () => {
    expect(await run("echo no such channel >&2; exit 3")).toBe("it ended with 3: no such channel");
    expect(await run("kill -9 $$")).toBe("it was ended by SIGKILL");
    const long = await run("head -c 200000 /dev/zero | tr '\\0' x >&2; exit 1");
    expect(long).toMatch(/^it ended with 1: x{600}$/);
    const missing = { argv: ["/no/such/program"], input: "x", env: {}, timeoutMs: HOUR_MS };
    const { signal } = new AbortController();
    expect(await runHook({ ...missing, signal })).toBe("there is no such program");
    expect(await runHook({ ...missing, argv: [folder], signal })).toContain("EACCES");
  });

  it("need not read its input", async () => {
    expect(await run("exec <&-; exit 0", { input: "x".repeat(1_000_000) })).toBeUndefined();
  });

  it("is stopped with all that it began when its time is up", async () => {
    const outcome = run('sleep 1000 & echo $! > "$1/child"; wait', { timeoutMs: 300 });
    const child = await pidIn("child");
    expect(await outcome).toBe("it took longer than 300 ms");
    await until("its child to end", () => !isRunning(child));
  });

  it("is stopped when the daemon stops, and never begun after that", async () => {
    const stop = new AbortController();
    const outcome = run('echo $$ > "$1/pid"; exec sleep 1000', { signal: stop.signal });
    const pid = await pidIn("pid");
    stop.abort();
    expect(await outcome).toBe("the daemon is stopping");
    await until("it to end", () => !isRunning(pid));
    expect(await run('touch "$1/again"', { signal: stop.signal })).toBe("the daemon is stopping");
    await expect(read("again")).rejects.toThrow("ENOENT");
  });

  it("leaves nothing behind in its group", async () => {
    expect(await run('sleep 1000 >/dev/null 2>&1 & echo $! > "$1/child"')).toBeUndefined();
    const child = await pidIn("child");
    await until("what it left to end", () => !isRunning(child));
  });
});
