import { type Git, GitError } from "./git.js";
import { neutralFilters } from "./gitWorktree.js";

/** What a repository stands at, as seen from one folder of it. */
export interface GitState {
  /** The folder that has the work tree. */
  readonly root: string;
  /** Undefined where HEAD is on no branch. */
  readonly branch: string | undefined;
  /** Undefined where nothing has been committed yet. */
  readonly commit: string | undefined;
  /** Whether something is there that is not committed; what git is told to ignore counts for nothing. */
  readonly isDirty: boolean;
  /** The branch that it follows, and by how many commits they differ; undefined where it follows none. */
  readonly upstream: { readonly name: string; readonly ahead: number; readonly behind: number } | undefined;
  /** Whether it is a worktree beside the repository's own. */
  readonly isWorktree: boolean;
}

/** The folder is in a repository that git does not look into; the message says why. */
export class GitRefusedError extends Error {
  override readonly name = "GitRefusedError";
}

/**
 * The state of the repository that a folder is in; undefined where it is in none.
 *
 * @throws {GitRefusedError} where git will not look, because the repository is somebody else's
 * @throws {GitError} where it cannot be found out
 */
export async function gitState(git: Git, folder: string): Promise<GitState | undefined> {
  const places = await placesOf(git, folder);
  if (places === undefined) return undefined;
  const { root, gitDir, commonDir } = places;
  const settings = await neutralFilters(git, gitDir);
  const status = ["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal"];
  const told = await git.run(["-C", root, ...status, "--ignore-submodules=all"], settings);
  const lines = told.split("\0");
  const header = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`# ${name} `))?.slice(name.length + 3);
  const [commit, branch, name] = [header("branch.oid"), header("branch.head"), header("branch.upstream")];
  const [, ahead = "0", behind = "0"] = /^\+(\d+) -(\d+)$/.exec(header("branch.ab") ?? "") ?? [];
  return {
    root,
    branch: branch === "(detached)" ? undefined : branch,
    commit: commit === "(initial)" ? undefined : commit,
    isDirty: lines.some((line) => line !== "" && !line.startsWith("# ")),
    upstream: name === undefined ? undefined : { name, ahead: Number(ahead), behind: Number(behind) },
    isWorktree: gitDir !== commonDir,
  };
}

async function placesOf(
  git: Git,
  folder: string,
): Promise<{ readonly root: string; readonly gitDir: string; readonly commonDir: string } | undefined> {
  const ask = ["rev-parse", "--path-format=absolute", "--show-toplevel", "--git-dir", "--git-common-dir"];
  try {
    const [root = "", gitDir = "", commonDir = ""] = (await git.run(["-C", folder, ...ask])).split("\n");
    return { root, gitDir, commonDir };
  } catch (error) {
    if (!(error instanceof GitError) || error.exitCode === undefined) throw error;
    if (error.message.includes("dubious ownership"))
      throw new GitRefusedError("the repository belongs to somebody else, so git does not look into it");
    // It is in none, or in the part of one that has no files of its own.
    return undefined;
  }
}
