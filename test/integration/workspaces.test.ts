import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { daemonForTest, type TestDaemon, type TestDaemonOptions } from "../support/daemon.js";
import { GitRepository } from "../support/gitRepository.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

const WORKTREE = { kind: "worktree" } as const;
const FOLDER = { kind: "folder" } as const;

interface Surroundings {
  readonly repository: GitRepository;
  readonly daemon: TestDaemon;
  readonly peer: Peer;
}

async function surroundings(options: TestDaemonOptions = {}): Promise<Surroundings> {
  const repository = await GitRepository.forTest();
  const daemon = await daemonForTest({ env: { HOME: repository.home }, ...options });
  return { repository, daemon, peer: await daemon.peer() };
}

/** What lies in the daemon's own folder for workspaces. */
async function left({ dataDir }: TestDaemon): Promise<string[]> {
  return readdir(join(dataDir, "workspaces")).catch(() => []);
}

async function outputOf(peer: Peer, sessionId: string, argv: string[]): Promise<string> {
  const { commandId } = await peer.call("command/run", { sessionId, argv });
  return (await peer.call("command/output", { commandId })).output;
}

async function remove(peer: Peer, sessionId: string): Promise<void> {
  await peer.call("session/end", { sessionId });
  await peer.call("session/delete", { sessionId });
}

describe("a workspace", () => {
  it("S2.14 is a git worktree of the session's own, in which its commands run", async () => {
    const { repository, daemon, peer } = await surroundings({ inProcess: true });
    const session = await peer.call("session/create", {
      sessionId: "task",
      workingDirectory: repository.path,
      workspace: WORKTREE,
    });
    const { workspace, workingDirectory = "" } = session;
    expect(workspace).toEqual({
      kind: "worktree",
      path: workingDirectory,
      repository: repository.path,
      branch: "sessiond/task",
      keep: "if_dirty",
    });
    expect(workingDirectory.startsWith(join(await realpath(daemon.dataDir), "workspaces/task~"))).toBe(true);
    expect(await readFile(join(workingDirectory, "first.txt"), "utf8")).toBe("first");
    const said = await outputOf(peer, "task", [
      "sh",
      "-c",
      'pwd; echo "$SESSIOND_WORKSPACE"; git branch --show-current',
    ]);
    expect(said).toBe(`${workingDirectory}\n${workingDirectory}\nsessiond/task\n`);
    expect((await peer.call("session/get", { sessionId: "task" })).workspace).toEqual(workspace);
    await remove(peer, "task");
    await until("the workspace to go", async () => (await left(daemon)).length === 0);
    expect([repository.branches(), repository.worktrees()]).toEqual([["main"], 0]);
  });

  it("S2.14 is a folder where it is asked for one; elsewhere commands have no such variable", async () => {
    const { repository, peer } = await surroundings({ inProcess: true });
    const path = join(repository.folder, "mine");
    const { sessionId, workspace, workingDirectory } = await peer.call("session/create", {
      workspace: { ...FOLDER, path, keep: "always" },
    });
    expect(workspace).toEqual({ kind: "folder", path: await realpath(path), keep: "always" });
    expect(workingDirectory).toBe(workspace?.path);
    expect(await outputOf(peer, sessionId, ["pwd"])).toBe(`${workspace?.path}\n`);
    const other = await peer.call("session/create");
    expect(await outputOf(peer, other.sessionId, ["sh", "-c", "echo [$SESSIOND_WORKSPACE]"])).toBe("[]\n");
    await remove(peer, sessionId);
    await until("its marker to go", async () => (await readdir(path)).length === 0);
  });

  it("S2.14 stays after a deletion where there are changes in it, and the log says so", async () => {
    const { repository, daemon, peer } = await surroundings();
    const create = { workingDirectory: repository.path, workspace: WORKTREE };
    const changed = await peer.call("session/create", create);
    const committed = await peer.call("session/create", create);
    await writeFile(join(changed.workingDirectory ?? "", "new.txt"), "new");
    await repository.commit("work.txt", "work", committed.workingDirectory);
    for (const { sessionId } of [changed, committed]) await remove(peer, sessionId);
    const kept = await until("the log", async () => {
      const lines = (await daemon.log()).filter(({ event }) => event === "workspace.kept");
      return lines.length === 2 && lines;
    });
    expect(new Map(kept.map(({ sessionId, reason }) => [sessionId, reason]))).toEqual(
      new Map([
        [changed.sessionId, "it has uncommitted changes"],
        [committed.sessionId, "it has commits that are nowhere else"],
      ]),
    );
    expect(await readFile(join(changed.workingDirectory ?? "", "new.txt"), "utf8")).toBe("new");
    expect(repository.git(["log", "-1", "--format=%s"], committed.workingDirectory)).toBe("work.txt\n");
  });

  it("S2.14 goes with the end of its session where nothing is to be kept, when its commands have ended", async () => {
    const { repository, daemon, peer } = await surroundings({ inProcess: true });
    const workspace = { ...WORKTREE, keep: "never" } as const;
    const {
      sessionId,
      workingDirectory = "",
      seq,
    } = await peer.call("session/create", {
      workingDirectory: repository.path,
      workspace,
    });
    await peer.call("event/subscribe", { sessionIds: [sessionId], sinceSeq: seq });
    await writeFile(join(workingDirectory, "new.txt"), "new");
    await peer.call("command/start", { sessionId, argv: ["sleep", "1000"] });
    await peer.call("session/end", { sessionId });
    const event = await peer.when("the release", () =>
      peer.events.find(({ type }) => type === "workspace/released"),
    );
    expect(event.data).toEqual({ outcome: "removed" });
    const types = peer.events.map(({ type }) => type);
    expect(types.indexOf("command/ended")).toBeLessThan(types.indexOf("workspace/released"));
    expect(await left(daemon)).toEqual([]);
    expect((await peer.call("session/get", { sessionId })).workspace).toMatchObject({
      released: { outcome: "removed" },
    });
    await peer.call("session/delete", { sessionId });
    expect(repository.worktrees()).toBe(0);
  });

  it("S2.14 that cannot be made means no session, in git's own words", async () => {
    const { repository, daemon, peer } = await surroundings({ inProcess: true });
    const create = (params: object) => peer.call("session/create", { sessionId: "s", ...params });
    await expect(create({ workspace: WORKTREE })).rejects.toMatchObject({
      type: "workspace_failed",
      message: expect.stringContaining("no repository is named") as string,
    });
    await expect(create({ workspace: WORKTREE, workingDirectory: repository.home })).rejects.toMatchObject({
      type: "workspace_failed",
      message: expect.stringContaining("not a git repository") as string,
      hint: expect.stringContaining("workspace.repository") as string,
    });
    await expect(create({ workspace: { ...FOLDER, path: repository.home } })).rejects.toMatchObject({
      type: "workspace_failed",
      message: expect.stringContaining("there is something at") as string,
    });
    for (const wrong of [
      { ...WORKTREE, branch: "--force" },
      { ...WORKTREE, base: "a b" },
      { ...FOLDER, branch: "x" },
      { ...FOLDER, path: "relative" },
      { kind: "container" },
    ])
      await expect(create({ workspace: wrong })).rejects.toMatchObject({ type: "invalid_params" });
    await expect(peer.call("session/get", { sessionId: "s" })).rejects.toMatchObject({
      type: "session_not_found",
    });
    expect(await left(daemon)).toEqual([]);
    // What is refused for another reason is not made at all, or taken away again.
    await create({});
    await expect(create({ workspace: FOLDER })).rejects.toMatchObject({ type: "session_exists" });
    const both = { sessionId: "twice", workspace: FOLDER };
    const answers = await Promise.allSettled([create(both), create(both)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    await until("the other one to go", async () => (await left(daemon)).length === 2);
  });

  it("S2.14 is made once for a call that is repeated under its key, also while it is under way", async () => {
    const { repository, daemon, peer } = await surroundings({ inProcess: true });
    const params = { workspace: { ...WORKTREE, repository: repository.path }, idempotencyKey: "k" };
    const [first, second] = await Promise.all([
      peer.call("session/create", params),
      peer.call("session/create", params),
    ]);
    expect(second).toEqual(first);
    expect(await peer.call("session/create", params)).toEqual(first);
    expect(repository.worktrees()).toBe(1);
    expect(await left(daemon)).toHaveLength(2);
  });
});

describe("a crash", () => {
  it(
    "S2.14 leaves none that belongs to no session, and takes none from one",
    { timeout: 60_000 },
    async () => {
      const { repository, daemon, peer } = await surroundings();
      const create = { workingDirectory: repository.path, workspace: WORKTREE };
      const session = await peer.call("session/create", { sessionId: "kept", ...create });
      const gone = await peer.call("session/create", { sessionId: "gone", ...create });
      const ended = await peer.call("session/create", {
        ...create,
        sessionId: "ended",
        workspace: { ...WORKTREE, keep: "never" },
      });
      await daemon.kill();
      // As if the daemon had been killed before it came to the record of the session: the worktree is there alone.
      const dir = join(daemon.dataDir, "workspaces");
      const token = "f".repeat(32);
      const record = JSON.parse(
        await readFile(
          join(dir, (await left(daemon)).find((name) => /^gone~.*json$/.test(name)) ?? ""),
          "utf8",
        ),
      ) as object;
      const path = join(dir, `orphan~${token}`);
      await mkdir(path);
      await writeFile(join(path, "half"), "made");
      const orphan = { ...record, sessionId: "orphan", token, path, stage: "making", keep: "always" };
      await writeFile(
        join(dir, `orphan~${token}.json`),
        JSON.stringify({ ...orphan, identity: undefined, git: undefined }),
      );
      await writeFile(join(dir, "somebody's.txt"), "stays");
      await daemon.start();
      await until("the orphan to go", () => !existsSync(path) && !existsSync(`${path}.json`));
      const again = await daemon.peer();
      for (const { sessionId, workingDirectory = "" } of [session, gone, ended]) {
        expect(await outputOf(again, sessionId, ["pwd"])).toBe(`${workingDirectory}\n`);
      }
      await again.call("session/end", { sessionId: "ended" });
      await remove(again, "gone");
      await daemon.crash();
      await until("what was let go of to go", () => {
        return !existsSync(gone.workingDirectory ?? "") && !existsSync(ended.workingDirectory ?? "");
      });
      expect(existsSync(session.workingDirectory ?? "")).toBe(true);
      expect(await readFile(join(dir, "somebody's.txt"), "utf8")).toBe("stays");
      const released = await until("the record", async () => {
        const { workspace } = await (await daemon.peer()).call("session/get", { sessionId: "ended" });
        return workspace?.released;
      });
      expect(released.outcome).toBe("removed");
    },
  );

  it("S2.14 while git is at work is cleaned up after", async () => {
    const { repository, daemon, peer } = await surroundings();
    // A filter of the user's, which takes its time: the checkout hangs in it.
    await repository.commit(".gitattributes", "*.txt filter=slow\n");
    const begun = join(repository.folder, "begun");
    repository.git(["config", "--global", "filter.slow.smudge", `touch '${begun}'; exec sleep 1000`]);
    const creating = peer.call("session/create", {
      sessionId: "s",
      workingDirectory: repository.path,
      workspace: { ...WORKTREE, keep: "always" },
    });
    creating.catch(() => undefined);
    await until("the checkout", () => existsSync(begun));
    await daemon.stop();
    await expect(creating).rejects.toBeInstanceOf(Error);
    repository.git(["config", "--global", "--unset", "filter.slow.smudge"]);
    await daemon.start();
    await until("the rest to go", async () => (await left(daemon)).length === 0);
    expect(repository.worktrees()).toBe(0);
    const again = await (
      await daemon.peer()
    ).call("session/create", {
      sessionId: "s",
      workingDirectory: repository.path,
      workspace: WORKTREE,
    });
    expect(again.workspace?.branch).toBe("sessiond/s");
  });
});
