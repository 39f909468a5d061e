import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { type WorkspaceRecord, WorkspaceRecords } from "../../../src/content/workspaceRecords.js";
import { Git } from "../../../src/process/git.js";
import { makeWorkspace, type WorkspaceAsk } from "../../../src/supervisor/workspaces/makeWorkspace.js";
import { releaseWorkspace, undoWorkspace } from "../../../src/supervisor/workspaces/releaseWorkspace.js";
import { GitRepository } from "../../support/gitRepository.js";

const git = new Git({ timeoutMs: 60_000 });
let repository: GitRepository;
let dataDir: string;
let records: WorkspaceRecords;
beforeEach(async () => {
  repository = await GitRepository.forTest();
  dataDir = join(repository.folder, "data");
  await mkdir(dataDir, { mode: 0o700 });
  records = new WorkspaceRecords(join(dataDir, "workspaces"));
});

type Kind = WorkspaceRecord["kind"];
const KINDS = ["folder", "worktree"] as const;

async function make(ask: WorkspaceAsk): Promise<WorkspaceRecord> {
  const parts = { records, git, dataDir };
  const { token } = await makeWorkspace(parts, "s", ask, repository.path);
  const record = await records.read({ sessionId: "s", token });
  if (record === undefined) throw new Error("there is no record");
  return record;
}

/** Lets go of it, as its policy says or another. */
function release(record: WorkspaceRecord, keep = record.keep): ReturnType<typeof releaseWorkspace> {
  return releaseWorkspace({ records, git }, record, keep);
}

/** What lies in the folder of all workspaces, and what git knows. */
async function left(): Promise<object> {
  return { workspaces: await readdir(join(dataDir, "workspaces")), worktrees: repository.worktrees() };
}
const NOTHING = { workspaces: [], worktrees: 0 };

describe.each(KINDS)("a %s", (kind: Kind) => {
  it("is made where nobody else comes, with a record that says all of it", async () => {
    const record = await make({ kind, keep: "if_dirty" });
    expect(record).toMatchObject({ sessionId: "s", kind, keep: "if_dirty", stage: "made" });
    expect(record.path).toBe(join(dataDir, "workspaces", `s~${record.token}`));
    expect(await records.list()).toEqual([record]);
    if (kind === "worktree") expect(repository.git(["status", "--porcelain"], record.path)).toBe("");
  });

  it("goes without a trace where nothing would be lost", async () => {
    const record = await make({ kind, keep: "if_dirty" });
    expect(await release(record)).toEqual({ outcome: "removed" });
    expect(await left()).toEqual(NOTHING);
    expect(repository.branches()).toEqual(["main"]);
  });

  it("stays where something would be lost, and is nobody's business here any more", async () => {
    const record = await make({ kind, keep: "if_dirty" });
    await writeFile(join(record.path, "work"), "work");
    expect(await release(record)).toMatchObject({ outcome: "kept", reason: expect.any(String) as string });
    expect(await readFile(join(record.path, "work"), "utf8")).toBe("work");
    expect(await readdir(record.path)).not.toContain(".sessiond-workspace");
    expect(await records.list()).toEqual([]);
  });

  it("stays whatever is in it where its policy says so", async () => {
    const record = await make({ kind, keep: "always" });
    expect(await release(record)).toEqual({ outcome: "kept", reason: "its policy says so" });
    expect(await readdir(dirname(record.path))).toEqual([`s~${record.token}`]);
  });

  it("goes with all that is in it where nothing is to be kept; what a link in it points to stays", async () => {
    const record = await make({ kind, keep: "never" });
    const outside = join(repository.folder, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "file"), "stays");
    await symlink(outside, join(record.path, "link"));
    await mkdir(join(record.path, "deep"));
    await symlink(join(outside, "file"), join(record.path, "deep/link"));
    expect(await release(record)).toEqual({ outcome: "removed" });
    expect(await left()).toEqual(NOTHING);
    expect(await readFile(join(outside, "file"), "utf8")).toBe("stays");
  });

  it("is not taken for what somebody put in its place: a link, another folder, a file", async () => {
    for (const put of [
      (path: string) => symlink(join(repository.folder, "moved"), path),
      (path: string) => mkdir(path),
      (path: string) => writeFile(path, "mine"),
    ]) {
      const record = await make({ kind, keep: "never" });
      await rename(record.path, join(repository.folder, "moved"));
      await put(record.path);
      expect(await release(record)).toEqual({
        outcome: "kept",
        reason: "what lies there now is not what was made",
      });
      expect((await readdir(join(repository.folder, "moved"))).length).toBeGreaterThan(0);
      await rm(join(repository.folder, "moved"), { recursive: true });
      await rm(record.path, { recursive: true });
      repository.git(["worktree", "prune"]);
    }
  });

  it("is not taken for itself where the marker is gone, or is another one", async () => {
    for (const text of [undefined, "another\n"]) {
      const record = await make({ kind, keep: "never" });
      const marker = join(record.git?.gitDir ?? record.path, ".sessiond-workspace");
      if (text === undefined) await rm(marker);
      else await writeFile(marker, text);
      expect(await release(record)).toMatchObject({ outcome: "kept" });
      expect(await readdir(dirname(record.path))).toContain(`s~${record.token}`);
    }
  });

  it("may be gone already", async () => {
    const record = await make({ kind, keep: "if_dirty" });
    await rm(record.path, { recursive: true });
    expect(await release(record)).toEqual({ outcome: "removed", reason: "it was gone already" });
    expect(await left()).toEqual(NOTHING);
    expect(repository.branches()).toEqual(["main"]);
  });

  it("lies where it is told, outside of the data folder", async () => {
    const path = join(repository.folder, "mine");
    const record = await make({ kind, keep: "never", path });
    expect(record.path).toBe(path);
    await expect(make({ kind, keep: "never", path })).rejects.toThrow(/there is something at .*mine already/);
    for (const inside of [join(dataDir, "x"), join(dataDir, "workspaces/x")])
      await expect(make({ kind, keep: "never", path: inside })).rejects.toThrow(/lies in the data folder/);
    await expect(make({ kind, keep: "never", path: join(repository.folder, "none/x") })).rejects.toThrow(
      /there is no folder that .* could lie in/,
    );
    expect(await release(record)).toEqual({ outcome: "removed" });
    expect(await readdir(repository.folder)).toEqual(["data", "home", "repository"]);
    expect(await left()).toEqual(NOTHING);
  });

  it("that was made for nobody goes, whatever its policy", async () => {
    for (const path of [undefined, join(repository.folder, "mine")]) {
      const record = await make({ kind, keep: "always", ...(path === undefined ? {} : { path }) });
      expect(await undoWorkspace({ records, git }, record, "left")).toEqual({ outcome: "removed" });
      expect(await left()).toEqual(NOTHING);
    }
    expect(repository.branches()).toEqual(["main"]);
    expect(await readdir(repository.folder)).toEqual(["data", "home", "repository"]);
  });

  it("that is half made goes; outside of the data folder only what is proved, or empty", async () => {
    const inside = await make({ kind, keep: "always" });
    await rm(join(inside.git?.gitDir ?? inside.path, ".sessiond-workspace"));
    const half: WorkspaceRecord = { ...inside, stage: "making", identity: undefined, git: undefined };
    expect(await undoWorkspace({ records, git }, half, "left")).toEqual({ outcome: "removed" });
    repository.git(["worktree", "prune"]);
    const outside = await make({ kind, keep: "always", path: join(repository.folder, "mine") });
    await rm(join(outside.git?.gitDir ?? outside.path, ".sessiond-workspace"));
    await writeFile(join(outside.path, "work"), "work");
    expect(await undoWorkspace({ records, git }, outside, "left")).toMatchObject({ outcome: "kept" });
    expect(await readFile(join(outside.path, "work"), "utf8")).toBe("work");
    await rm(outside.path, { recursive: true });
    await mkdir(outside.path);
    await undoWorkspace({ records, git }, { ...outside, identity: undefined }, "left");
    expect(await readdir(outside.path)).toEqual([]);
    expect(await readdir(join(dataDir, "workspaces"))).toEqual([]);
  });
});

describe("a worktree that cannot be made", () => {
  it("leaves nothing behind, whatever step it is that fails", async () => {
    const worktree = { kind: "worktree", keep: "if_dirty" } as const;
    await expect(make({ ...worktree, repository: repository.home })).rejects.toThrow(/not a git repository/);
    await expect(make({ ...worktree, branch: "main" })).rejects.toThrow(/'main' is already checked out/);
    await expect(make({ ...worktree, branch: "a.lock" })).rejects.toThrow(/not a valid branch name/);
    const planned = makeWorkspace({ records, git, dataDir }, "s", worktree, undefined);
    await expect(planned).rejects.toThrow("no repository is named");
    expect(await left()).toEqual(NOTHING);
    expect(repository.branches()).toEqual(["main"]);
  });

  it("because its files cannot be written leaves no branch either", async () => {
    const blob = repository.git(["rev-parse", "HEAD:first.txt"]).trim();
    await rm(join(repository.path, ".git/objects", blob.slice(0, 2), blob.slice(2)));
    await expect(make({ kind: "worktree", keep: "always" })).rejects.toThrow(/unable to read/);
    expect(await left()).toEqual(NOTHING);
    expect(repository.branches()).toEqual(["main"]);
  });
});

describe("the branch of a session", () => {
  it("is named after it, also where git would not take its id, and is another one where that is taken", async () => {
    const worktree = { kind: "worktree", keep: "if_dirty" } as const;
    const parts = { records, git, dataDir };
    for (const [id, branch] of [
      ["task.1", "sessiond/task.1"],
      ["a..b.lock", "sessiond/a_.b_lock"],
      ["dots...", "sessiond/dots___"],
    ] as const) {
      expect(await makeWorkspace(parts, id, worktree, repository.path)).toMatchObject({ branch });
    }
    const again = await makeWorkspace(parts, "task.1", worktree, repository.path);
    expect(again.branch).toBe(`sessiond/task.1-${again.token.slice(0, 8)}`);
  });
});

describe("the records", () => {
  it("are those that say what their names say; what was not finished is removed", async () => {
    expect(await records.list()).toEqual([]);
    const record = await make({ kind: "folder", keep: "always" });
    const dir = join(dataDir, "workspaces");
    const token = "0".repeat(32);
    await writeFile(join(dir, `x~${token}.json`), JSON.stringify(record));
    await writeFile(join(dir, `y~${token}.json`), "{");
    await writeFile(join(dir, `z~${token}.json`), "null");
    await writeFile(join(dir, "notes.json"), "{}");
    await writeFile(join(dir, `s~${token}.json.0123456789ab.tmp`), "{");
    expect(await records.list()).toEqual([record]);
    expect((await readdir(dir)).some((name) => name.endsWith(".tmp"))).toBe(false);
    await rm(dir, { recursive: true });
    await writeFile(dir, "in the way");
    await expect(records.list()).rejects.toMatchObject({ code: "ENOTDIR" });
  });
});
