import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished, vi } from "vitest";

/** A repository with one commit, and a home in which nobody has set anything. */
export class GitRepository {
  /** A folder for whatever the test needs; the repository and the home lie in it. */
  readonly folder: string;
  readonly path: string;
  readonly home: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.path = join(folder, "repository");
    this.home = join(folder, "home");
  }

  /** Makes it for one test; the home is that of the test's process meanwhile. */
  static async forTest(): Promise<GitRepository> {
    const made = new GitRepository(await mkdtemp(join(tmpdir(), "sessiond-git-")));
    onTestFinished(() => rm(made.folder, { recursive: true, force: true }));
    await mkdir(made.home);
    vi.stubEnv("HOME", made.home);
    vi.stubEnv("XDG_CONFIG_HOME", join(made.home, ".config"));
    onTestFinished(() => void vi.unstubAllEnvs());
    made.git(["init", "-q", "-b", "main", made.path], made.folder);
    await made.commit("first.txt", "first");
    return made;
  }

  /** Runs git by hand, in the repository or another folder. */
  git(args: readonly string[], cwd = this.path): string {
    const who = {
      GIT_AUTHOR_NAME: "A",
      GIT_AUTHOR_EMAIL: "a@b",
      GIT_COMMITTER_NAME: "A",
      GIT_COMMITTER_EMAIL: "a@b",
    };
    const env = { PATH: process.env["PATH"], HOME: this.home, ...who };
    return execFileSync("git", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Commits a file, in the repository or one of its worktrees. */
  async commit(name: string, text: string, cwd = this.path): Promise<void> {
    await writeFile(join(cwd, name), text);
    this.git(["add", "-A"], cwd);
    this.git(["commit", "-q", "-m", name], cwd);
  }

  /** The branches that there are. */
  branches(): string[] {
    return this.git(["for-each-ref", "--format=%(refname:short)", "refs/heads"]).split("\n").slice(0, -1);
  }

  /** How many worktrees git knows of, the repository itself not counted. */
  worktrees(): number {
    return this.git(["worktree", "list", "--porcelain"]).split("\n\n").length - 2;
  }
}
