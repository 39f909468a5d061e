import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { Git } from "../../src/process/git.js";
import { until } from "../support/until.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sessiond-git-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

/** A program in the place of git. */
async function program(script: string): Promise<string> {
  const path = join(folder, "git");
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o700);
  return path;
}

describe("git", () => {
  it("answers what it wrote", async () => {
    expect(await new Git({ timeoutMs: 60_000 }).run(["--version"])).toMatch(/^git version \d/);
  });

  it("gets its arguments as they are, and no variable of the daemon's that would lead it elsewhere", async () => {
    vi.stubEnv("GIT_DIR", "/somewhere/else");
    vi.stubEnv("GIT_CONFIG_PARAMETERS", "'core.pager'='evil'");
    vi.stubEnv("GIT_EXTERNAL_DIFF", "evil");
    onTestFinished(() => void vi.unstubAllEnvs());
    const git = new Git({ timeoutMs: 60_000, program: await program('printf "%s|" "$@"; env') });
    const said = await git.run(["a b", "$(id)", ";"], [["filter.a=b.clean", ""]]);
    expect(said.startsWith("a b|$(id)|;|")).toBe(true);
    const names = [...said.matchAll(/^(GIT_\w+)=/gm)].map(([, name]) => name);
    expect(names).not.toContain("GIT_DIR");
    expect(names).not.toContain("GIT_CONFIG_PARAMETERS");
    expect(names).not.toContain("GIT_EXTERNAL_DIFF");
    expect(names).not.toContain("GIT_CONFIG_NOSYSTEM");
    expect(said).toContain("=core.hooksPath\n");
    expect(said).toMatch(/GIT_CONFIG_KEY_(\d+)=filter\.a=b\.clean\n/);
  });

  it("that fails is told of in its own words, on one line and shortened", async () => {
    const complaining = await program('printf "hint: no\\nfatal: it\\n\\tis %0700d\\n" 0 >&2; exit 128');
    const failed = new Git({ timeoutMs: 60_000, program: complaining }).run(["status"]);
    await expect(failed).rejects.toMatchObject({ name: "GitError", exitCode: 128 });
    await expect(failed).rejects.toThrow(/^fatal: it is 0{580,}…$/);
  });

  it("that says nothing, or ends by a signal, is told of as well", async () => {
    const silent = new Git({ timeoutMs: 60_000, program: await program("exit 3") });
    await expect(silent.run([])).rejects.toThrow("git ended with 3 and said nothing");
    const killed = new Git({ timeoutMs: 60_000, program: await program("kill -9 $$") });
    await expect(killed.run([])).rejects.toThrow("git ended with a signal and said nothing");
  });

  it("that is not there is an error, and so is a program that is none", async () => {
    const missing = new Git({ timeoutMs: 60_000, program: join(folder, "none") });
    await expect(missing.run([])).rejects.toThrow("the program git is not installed");
    await writeFile(join(folder, "none"), "");
    await expect(missing.run([])).rejects.toMatchObject({ name: "GitError" });
  });

  it("that takes too long is stopped, with all that it has begun", async () => {
    const pidFile = join(folder, "pid");
    const slow = await program(`sleep 1000 & echo $! > ${pidFile}; wait`);
    await expect(new Git({ timeoutMs: 300, program: slow }).run(["status"])).rejects.toThrow(
      "git status was stopped: it took longer than 300 ms",
    );
    const pid = Number(await readFile(pidFile, "utf8"));
    await until("the process to end", () => !isRunning(pid));
  });

  it("is stopped with the daemon, and not begun afterwards", async () => {
    const closing = new AbortController();
    const begun = join(folder, "begun");
    const slow = await program(`touch ${begun}; exec sleep 1000`);
    const git = new Git({ timeoutMs: 60_000, program: slow, signal: closing.signal });
    const running = git.run(["status"]);
    running.catch(() => undefined);
    await until("the start", () =>
      readFile(begun).then(
        () => true,
        () => false,
      ),
    );
    closing.abort(new Error("the daemon is stopping"));
    await expect(running).rejects.toThrow("git status was stopped: the daemon is stopping");
    await expect(git.run(["status"])).rejects.toThrow("the daemon is stopping");
  });

  it("that talks without end is not listened to for ever", async () => {
    const git = new Git({ timeoutMs: 60_000, program: await program("head -c 20000000 /dev/zero") });
    expect((await git.run([])).length).toBeLessThan(2_000_000);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
