import { lstat } from "node:fs/promises";
import { join } from "node:path";

import { type Git, GitError, type GitSetting } from "./git.js";

/** What is known of a worktree before it is made: enough to take away what is left of it when that breaks off. */
export interface PlannedWorktree {
  readonly path: string;
  /** The repository's own folder, `.git` as a rule: it is there also when the worktree that it was found by is not. */
  readonly commonDir: string;
  readonly branch: string;
  /** Whether the branch is made for it. */
  readonly isOwnBranch: boolean;
}

/** A worktree that was made. Paths are absolute. */
export interface Worktree extends PlannedWorktree {
  /** What git keeps of this worktree, below `commonDir`. */
  readonly gitDir: string;
}

export interface WorktreeRequest {
  /** A folder in the repository. */
  readonly repository: string;
  /** An empty folder. */
  readonly path: string;
  readonly branch: string;
  /** The branch to make instead where that one is there already; left out, it is checked out. */
  readonly otherBranch?: string | undefined;
  /** Where a new branch begins; where the repository stands if absent. */
  readonly base?: string | undefined;
}

/** Finds the repository, and out which branch it is to be; `commit` is where a new one begins. @throws {GitError} */
export async function planWorktree(
  git: Git,
  { repository, path, base, ...request }: WorktreeRequest,
): Promise<PlannedWorktree & { readonly commit: string | undefined }> {
  // Found by git, and not named to it: so it looks whom the repository belongs to.
  const found = await git.run(["-C", repository, "rev-parse", "--path-format=absolute", "--git-common-dir"]);
  const commonDir = found.replace(/\n$/, "");
  const isTaken = await hasBranch(git, commonDir, request.branch);
  const branch = (isTaken ? request.otherBranch : undefined) ?? request.branch;
  const isOwnBranch = !isTaken || branch !== request.branch;
  if (!isOwnBranch && base !== undefined)
    throw new GitError(`the branch ${branch} is there already, so it cannot begin at ${base}`);
  const commit = isOwnBranch ? await commitOf(git, commonDir, repository, base) : undefined;
  return { path, commonDir, branch, isOwnBranch, commit };
}

/** Makes a worktree in an empty folder, and answers what git keeps of it. @throws {GitError} */
export async function addWorktree(
  git: Git,
  { path, commonDir, branch, commit }: Awaited<ReturnType<typeof planWorktree>>,
): Promise<string> {
  const settings = await neutralFilters(git, commonDir);
  const what = commit === undefined ? ["--", path, branch] : ["--no-track", "-b", branch, "--", path, commit];
  await git.alone(commonDir, () => git.run([`--git-dir=${commonDir}`, "worktree", "add", ...what], settings));
  return (await git.run(["-C", path, "rev-parse", "--absolute-git-dir"])).replace(/\n$/, "");
}

/**
 * What would be lost with the worktree, in words; undefined where nothing would: all is committed, and every commit is
 * in some other branch, a tag or a remote. Files that git is told to ignore count for nothing.
 *
 * @throws {GitError} where it cannot be found out
 */
export async function lossWith(git: Git, worktree: Worktree): Promise<string | undefined> {
  const { path, gitDir, branch } = worktree;
  const settings = await neutralFilters(git, gitDir);
  // Their state is another matter, which git itself does not look into either when it removes a worktree.
  if (await isThere(join(gitDir, "modules"))) return "it has submodules of its own";
  const here = [`--git-dir=${gitDir}`, `--work-tree=${path}`];
  const changes = ["status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=all"];
  if ((await git.run([...here, ...changes], settings)) !== "") return "it has uncommitted changes";
  const own = (await hasBranch(git, gitDir, branch)) ? [refOf(branch)] : [];
  const commits = await commitsOnlyIn(git, gitDir, branch, ["HEAD", ...own]);
  return commits === "" ? undefined : "it has commits that are nowhere else";
}

/**
 * Takes a worktree away.
 *
 * @param force `none`: not where git itself finds changes in it; `changes`: then as well; `all`: also where it was never
 *   finished, which git has locked
 * @throws {GitError}
 */
export async function removeWorktree(
  git: Git,
  { path, commonDir }: PlannedWorktree,
  force: "none" | "changes" | "all",
): Promise<void> {
  const settings = await neutralFilters(git, commonDir);
  const flags = { none: [], changes: ["--force"], all: ["--force", "--force"] }[force];
  await git.alone(commonDir, () =>
    git.run([`--git-dir=${commonDir}`, "worktree", "remove", ...flags, "--", path], settings),
  );
}

/** Removes the branch that was made for a worktree which is gone, unless commits would be lost. @throws {GitError} */
export async function removeOwnBranch(git: Git, worktree: PlannedWorktree): Promise<void> {
  const { commonDir, branch, isOwnBranch } = worktree;
  if (!isOwnBranch || !(await hasBranch(git, commonDir, branch))) return;
  const here = `--git-dir=${commonDir}`;
  const format = "--format=%(objectname) %(worktreepath)";
  const found = await git.alone(commonDir, () => git.run([here, "for-each-ref", format, refOf(branch)]));
  const [tip = "", ...users] = found.trim().split(" ");
  // Somebody has come to work on it elsewhere.
  if (users.length > 0) return;
  if ((await commitsOnlyIn(git, commonDir, branch, [tip])) !== "") return;
  // Only as it was when it was looked at: somebody may just have committed to it.
  await git.run([here, "update-ref", "-d", refOf(branch), tip]);
}

/** A commit that those names lead to, and no branch but this, no tag and no remote; empty where there is none. */
function commitsOnlyIn(git: Git, gitDir: string, branch: string, names: readonly string[]): Promise<string> {
  const elsewhere = ["--not", `--exclude=${branch}`, "--branches", "--tags", "--remotes"];
  return git.run([`--git-dir=${gitDir}`, "rev-list", "--max-count=1", ...names, ...elsewhere]);
}

async function commitOf(
  git: Git,
  commonDir: string,
  repository: string,
  base: string | undefined,
): Promise<string> {
  // HEAD is that of the worktree in which the caller stands; every other name means the same in all of them.
  const where = base === undefined ? ["-C", repository] : [`--git-dir=${commonDir}`];
  const name = `${base ?? "HEAD"}^{commit}`;
  try {
    return (await git.run([...where, "rev-parse", "--verify", "--quiet", "--end-of-options", name])).trim();
  } catch (error) {
    if (!(error instanceof GitError) || error.exitCode !== 1) throw error;
    throw new GitError(
      base === undefined ? "the repository has no commit yet" : `there is no commit ${JSON.stringify(base)}`,
    );
  }
}

async function hasBranch(git: Git, gitDir: string, branch: string): Promise<boolean> {
  try {
    await git.run([`--git-dir=${gitDir}`, "show-ref", "--verify", "--quiet", refOf(branch)]);
    return true;
  } catch (error) {
    if (error instanceof GitError && error.exitCode === 1) return false;
    throw error;
  }
}

/**
 * Settings that take the programs out of all filters that the repository itself names: they would run on every file
 * that is checked out or looked at. Those of the user and the system stay.
 */
export async function neutralFilters(git: Git, gitDir: string): Promise<GitSetting[]> {
  const listed = await git.run([
    `--git-dir=${gitDir}`,
    "config",
    "--list",
    "-z",
    "--show-scope",
    "--name-only",
  ]);
  const parts = listed.split("\0");
  const settings: GitSetting[] = [];
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [scope, name = ""] = [parts[index], parts[index + 1]];
    const filter = /^filter\..*\.(?:clean|smudge|process|required)$/s.exec(name)?.[0];
    if (filter === undefined || (scope !== "local" && scope !== "worktree")) continue;
    settings.push([filter, filter.endsWith(".required") ? "false" : ""]);
  }
  return settings;
}

function refOf(branch: string): string {
  return `refs/heads/${branch}`;
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
