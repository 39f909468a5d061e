import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { Git } from "../../src/process/git.js";
import {
  addWorktree,
  lossWith,
  planWorktree,
  removeOwnBranch,
  removeWorktree,
  type Worktree,
  type WorktreeRequest,
} from "../../src/process/gitWorktree.js";
import { GitRepository } from "../support/gitRepository.js";

const git = new Git({ timeoutMs: 60_000 });
let repository: GitRepository;
let path: string;
beforeEach(async () => {
  repository = await GitRepository.forTest();
  path = join(repository.folder, "work tree");
});

async function add(request: Partial<WorktreeRequest> = {}): Promise<Worktree> {
  const planned = await planWorktree(git, { repository: repository.path, path, branch: "own", ...request });
  await mkdir(planned.path);
  return { ...planned, gitDir: await addWorktree(git, planned) };
}

describe("a worktree", () => {
  it("has what the repository stands at, on a branch of its own", async () => {
    const worktree = await add();
    expect(worktree).toMatchObject({
      commonDir: join(repository.path, ".git"),
      branch: "own",
      isOwnBranch: true,
    });
    expect(await readFile(join(path, "first.txt"), "utf8")).toBe("first");
    expect(repository.git(["branch", "--show-current"], path)).toBe("own\n");
    expect(worktree.gitDir.startsWith(join(repository.path, ".git/worktrees/"))).toBe(true);
  });

  it("begins where it is told: at a tag, at a commit, where a worktree stands from which it is asked for", async () => {
    repository.git(["tag", "v1"]);
    await repository.commit("second.txt", "second");
    await add({ base: "v1" });
    expect(await readdir(path)).not.toContain("second.txt");
    await repository.commit("only-here.txt", "x", path);
    const [second, third] = [join(repository.folder, "second"), join(repository.folder, "third")];
    await add({ repository: path, path: second, branch: "next" });
    expect(await readdir(second)).toContain("only-here.txt");
    await add({ path: third, branch: "third", base: "main" });
    expect(await readdir(third)).toContain("second.txt");
  });

  it("takes a branch that is there, which is not its own then; or another one where that is allowed", async () => {
    repository.git(["branch", "feature"]);
    expect(await add({ branch: "feature", otherBranch: "feature-2" })).toMatchObject({
      branch: "feature-2",
      isOwnBranch: true,
    });
    const second = join(repository.folder, "second");
    expect(await add({ branch: "feature", path: second })).toMatchObject({
      branch: "feature",
      isOwnBranch: false,
    });
    await expect(add({ branch: "feature", path: join(repository.folder, "third") })).rejects.toThrow(
      /'feature' is already checked out/,
    );
    await expect(planWorktree(git, { repository: path, path, branch: "main", base: "HEAD" })).rejects.toThrow(
      "the branch main is there already, so it cannot begin at HEAD",
    );
  });

  it("is refused where it cannot be, in clear words", async () => {
    const plan = (request: Partial<WorktreeRequest>) =>
      planWorktree(git, { repository: repository.path, path, branch: "own", ...request });
    await expect(plan({ repository: repository.home })).rejects.toThrow(/not a git repository/);
    await expect(plan({ repository: join(repository.folder, "none") })).rejects.toThrow(/cannot change to/);
    await expect(plan({ base: "none" })).rejects.toThrow('there is no commit "none"');
    await expect(plan({ base: "--all" })).rejects.toThrow('there is no commit "--all"');
    await expect(add({ branch: "a..b" })).rejects.toThrow(/not a valid branch name/);
    const empty = join(repository.folder, "empty");
    repository.git(["init", "-q", empty], repository.folder);
    await expect(plan({ repository: empty })).rejects.toThrow("the repository has no commit yet");
  });

  it("runs nothing that the repository names, neither hooks nor filters nor a monitor", async () => {
    const proof = join(repository.folder, "ran");
    const evil = join(repository.folder, "evil");
    await writeFile(evil, `#!/bin/sh\necho "$0 $*" >> '${proof}'\ncat\n`);
    await chmod(evil, 0o700);
    await repository.commit(".gitattributes", "*.txt filter=a=b\n*.md filter=lines\n");
    await repository.commit("read.md", "x");
    for (const hook of ["post-checkout", "reference-transaction", "post-index-change"]) {
      await writeFile(join(repository.path, ".git/hooks", hook), `#!/bin/sh\necho ${hook} >> '${proof}'\n`);
      await chmod(join(repository.path, ".git/hooks", hook), 0o700);
    }
    const other = join(repository.path, ".git/other");
    repository.git(["config", "-f", other, "filter.a=b.smudge", evil]);
    repository.git(["config", "-f", other, "filter.a=b.clean", evil]);
    repository.git(["config", "include.path", other]);
    repository.git(["config", "filter.lines.process", evil]);
    repository.git(["config", "filter.lines.required", "true"]);
    repository.git(["config", "core.fsmonitor", evil]);
    repository.git(["config", "core.pager", evil]);
    repository.git(["config", "diff.external", evil]);
    repository.git(["config", "core.sshCommand", evil]);
    const worktree = await add();
    await writeFile(join(path, "first.txt"), "changed");
    expect(await lossWith(git, worktree)).toBe("it has uncommitted changes");
    await removeWorktree(git, worktree, "changes");
    await removeOwnBranch(git, worktree);
    await expect(readFile(proof, "utf8")).rejects.toMatchObject({ code: "ENOENT" });
    expect(await readdir(repository.folder)).not.toContain("work tree");
  });

  it("has the filters of the user, who is trusted", async () => {
    await repository.commit(".gitattributes", "*.txt filter=upper\n");
    repository.git(["config", "--global", "filter.upper.smudge", "tr a-z A-Z"]);
    await add();
    expect(await readFile(join(path, "first.txt"), "utf8")).toBe("FIRST");
  });

  it("of a repository that belongs to somebody else is refused, as git does it", async () => {
    if (process.getuid?.() !== 0) return;
    await import("node:fs/promises").then(({ chown }) =>
      chown(join(repository.path, ".git"), 12_345, 12_345),
    );
    await import("node:fs/promises").then(({ chown }) => chown(repository.path, 12_345, 12_345));
    await expect(add()).rejects.toThrow(/dubious ownership/);
  });
});

describe("what would be lost with a worktree", () => {
  it("is nothing while it is as it was made", async () => {
    const worktree = await add();
    expect(await lossWith(git, worktree)).toBeUndefined();
    await removeWorktree(git, worktree, "none");
    await removeOwnBranch(git, worktree);
    expect([repository.branches(), repository.worktrees()]).toEqual([["main"], 0]);
  });

  it("is what is changed, staged, new or deleted in it; what is ignored is not", async () => {
    const worktree = await add();
    await writeFile(join(path, "new.txt"), "new");
    expect(await lossWith(git, worktree)).toBe("it has uncommitted changes");
    repository.git(["add", "new.txt"], path);
    expect(await lossWith(git, worktree)).toBe("it has uncommitted changes");
    repository.git(["reset", "-q", "--hard"], path);
    expect(await lossWith(git, worktree)).toBeUndefined();
    await rm(join(path, "first.txt"));
    expect(await lossWith(git, worktree)).toBe("it has uncommitted changes");
    repository.git(["checkout", "-q", "."], path);
    await writeFile(join(repository.path, ".git/info/exclude"), "*.log\n");
    await writeFile(join(path, "x.log"), "ignored");
    expect(await lossWith(git, worktree)).toBeUndefined();
    repository.git(["config", "status.showUntrackedFiles", "no"]);
    await writeFile(join(path, "new.txt"), "new");
    expect(await lossWith(git, worktree)).toBe("it has uncommitted changes");
  });

  it("is what is committed and nowhere else: not in a branch, a tag or a remote", async () => {
    const worktree = await add();
    await repository.commit("work.txt", "work", path);
    expect(await lossWith(git, worktree)).toBe("it has commits that are nowhere else");
    repository.git(["update-ref", "refs/remotes/origin/own", "own"]);
    expect(await lossWith(git, worktree)).toBeUndefined();
    await repository.commit("more.txt", "more", path);
    expect(await lossWith(git, worktree)).toBe("it has commits that are nowhere else");
    repository.git(["merge", "-q", "own"]);
    expect(await lossWith(git, worktree)).toBeUndefined();
    repository.git(["checkout", "-q", "--detach"], path);
    await repository.commit("detached.txt", "detached", path);
    expect(await lossWith(git, worktree)).toBe("it has commits that are nowhere else");
  });

  it("may be in its branch while it stands elsewhere, or has none", async () => {
    const worktree = await add();
    await repository.commit("work.txt", "work", path);
    repository.git(["checkout", "-q", "--detach", "main"], path);
    expect(await lossWith(git, worktree)).toBe("it has commits that are nowhere else");
    repository.git(["branch", "-D", "own"]);
    expect(await lossWith(git, worktree)).toBeUndefined();
    await removeOwnBranch(git, worktree);
  });

  it("may be in submodules, into which nobody looks", async () => {
    const worktree = await add();
    await mkdir(join(worktree.gitDir, "modules"));
    expect(await lossWith(git, worktree)).toBe("it has submodules of its own");
  });

  it("is not found out where git cannot say", async () => {
    const worktree = await add();
    await rm(join(repository.path, ".git"), { recursive: true });
    await expect(lossWith(git, worktree)).rejects.toMatchObject({ name: "GitError" });
  });
});

describe("removing a worktree", () => {
  it("is refused by git where it has changes, unless these may go too", async () => {
    const worktree = await add();
    await writeFile(join(path, "new.txt"), "new");
    await expect(removeWorktree(git, worktree, "none")).rejects.toThrow(
      /contains modified or untracked files/,
    );
    await removeWorktree(git, worktree, "changes");
    expect([await readdir(repository.folder), repository.worktrees()]).toEqual([["home", "repository"], 0]);
  });

  it("leaves its branch where commits would be lost, and one that somebody else works on", async () => {
    const worktree = await add();
    await repository.commit("work.txt", "work", path);
    await removeWorktree(git, worktree, "changes");
    await removeOwnBranch(git, worktree);
    expect(repository.branches()).toEqual(["main", "own"]);
    repository.git(["merge", "-q", "own"]);
    repository.git(["worktree", "add", "-q", path, "own"]);
    await removeOwnBranch(git, worktree);
    expect(repository.branches()).toEqual(["main", "own"]);
    repository.git(["worktree", "remove", path]);
    await removeOwnBranch(git, worktree);
    expect(repository.branches()).toEqual(["main"]);
  });

  it("leaves a branch that was there before", async () => {
    repository.git(["branch", "feature"]);
    const worktree = await add({ branch: "feature" });
    await removeWorktree(git, worktree, "none");
    await removeOwnBranch(git, worktree);
    expect(repository.branches()).toEqual(["feature", "main"]);
  });

  it("respects a lock that somebody put on it, and takes what was never finished", async () => {
    const worktree = await add();
    repository.git(["worktree", "lock", path]);
    await expect(removeWorktree(git, worktree, "changes")).rejects.toThrow(/locked/);
    await removeWorktree(git, worktree, "all");
    expect(repository.worktrees()).toBe(0);
  });

  it("tidies up where the folder is gone already", async () => {
    const worktree = await add();
    await rm(path, { recursive: true });
    await removeWorktree(git, worktree, "changes");
    expect(repository.worktrees()).toBe(0);
  });
});

describe("the list of worktrees, for which git has no lock", () => {
  it("is touched by one call at a time, of those that make one and those that take one away", async () => {
    // Says on the way in and out that it touches the list; the inner one is git itself.
    const [program, told] = [join(repository.folder, "watched-git"), join(repository.folder, "told")];
    const script = `#!/bin/sh
case " $* " in *" worktree "*|*worktreepath*) ;; *) exec git "$@" ;; esac
echo in >>'${told}'
git "$@"
code=$?
echo out >>'${told}'
exit $code
`;
    await writeFile(program, script, { mode: 0o755 });
    const watched = new Git({ program, timeoutMs: 60_000 });
    const one = async (index: number): Promise<void> => {
      const place = join(repository.folder, `place-${index}`);
      const request = { repository: repository.path, path: place, branch: `own-${index}` };
      const planned = await planWorktree(watched, request);
      await mkdir(place);
      await addWorktree(watched, planned);
      await removeWorktree(watched, planned, "none");
      await removeOwnBranch(watched, planned);
    };
    await Promise.all(Array.from({ length: 4 }, (_, index) => one(index)));
    expect(await readFile(told, "utf8")).toBe("in\nout\n".repeat(12));
  });
});
