import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeEach, describe, expect, it, onTestFinished } from "vitest";

import type { SessionShape } from "../../../src/protocol/types.js";
import { createSession } from "../../../src/supervisor/create.js";
import type { Supervisor } from "../../../src/supervisor/supervisor.js";
import { GitRepository } from "../../support/gitRepository.js";
import { until } from "../../support/until.js";
import { openSupervisor } from "../backup/supervisors.js";

const NEVER = { kind: "worktree", keep: "never" } as const;

let repository: GitRepository;
let dataDir: string;
let logged: { readonly event?: string; readonly reason?: string; readonly sessionId?: string }[];
beforeEach(async () => {
  repository = await GitRepository.forTest();
  dataDir = join(repository.folder, "data");
  for (const name of ["", "content", "journal", "snapshots"])
    await mkdir(join(dataDir, name), { mode: 0o700 });
  logged = [];
});

async function open(options: { readonly isInMemory?: boolean } = {}): Promise<Supervisor> {
  const line = (fields: object): void => void logged.push(fields);
  const log = { debug: () => {}, info: line, warn: line, error: line };
  const supervisor = await openSupervisor(dataDir, { ...options, log });
  // A test may have closed it.
  onTestFinished(() => supervisor.close().catch(() => undefined));
  return supervisor;
}

function create(
  supervisor: Supervisor,
  sessionId: string,
  workspace: NonNullable<Parameters<typeof createSession>[1]["workspace"]> = NEVER,
): Promise<SessionShape> {
  return createSession(supervisor, { sessionId, workingDirectory: repository.path, workspace }, undefined);
}

async function end(supervisor: Supervisor, sessionId: string): Promise<void> {
  await supervisor.submit({ type: "session/end", sessionId, status: "completed" });
}

function left(): Promise<string[]> {
  return readdir(join(dataDir, "workspaces"));
}

describe("the workspaces of a daemon in memory", () => {
  it("lie where they are told and not in the folder that goes with it", async () => {
    const supervisor = await open({ isInMemory: true });
    await expect(create(supervisor, "s")).rejects.toMatchObject({
      refusal: {
        type: "workspace_failed",
        message: expect.stringContaining("workspace.path has to say") as string,
      },
    });
    const path = join(repository.folder, "mine");
    await create(supervisor, "s", { ...NEVER, path });
    await end(supervisor, "s");
    await until("the workspace to go", () => !existsSync(path));
  });
});

describe("many workspaces that are asked for at a time", () => {
  /** How many are being made just now. */
  async function making(): Promise<number> {
    const folder = join(dataDir, "workspaces");
    const names = await readdir(folder).catch(() => []);
    const texts = names
      .filter((name) => name.endsWith(".json"))
      .map((name) => readFile(join(folder, name), "utf8").catch(() => ""));
    return (await Promise.all(texts)).filter((text) => text.includes('"making"')).length;
  }

  it("are made a few at a time, each of them", async () => {
    const supervisor = await open();
    const looks: number[] = [];
    const state = { isOver: false };
    const watching = (async () => {
      while (!state.isOver) looks.push(await making());
    })();
    const sessions = await Promise.all(Array.from({ length: 12 }, (_, at) => create(supervisor, `s${at}`)));
    state.isOver = true;
    await watching;
    expect(new Set(sessions.map(({ workingDirectory }) => workingDirectory)).size).toBe(12);
    expect(Math.max(...looks)).toBeGreaterThan(0);
    expect(Math.max(...looks)).toBeLessThanOrEqual(4);
  });

  it("are refused by a stop, also those whose turn has not come, and the next start leaves nothing of them", async () => {
    const supervisor = await open();
    // Far more than are made by the time that somebody has looked.
    const asked = Array.from({ length: 60 }, (_, at) => create(supervisor, `s${at}`));
    const ends = Promise.allSettled(asked);
    await until("the first", async () => (await making()) > 0);
    await supervisor.workspaces.close();
    const refused = (await ends).flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : []));
    expect(refused.length).toBeGreaterThanOrEqual(8);
    for (const error of refused) expect(error).toMatchObject({ refusal: { type: "shutting_down" } });
    await supervisor.close();
    await open();
    await until("what was cut short to go", async () => (await making()) === 0);
  });
});

describe("a workspace that its session let go of", () => {
  it("is tried again by the next start where it cannot be removed", async () => {
    const first = await open();
    const { workingDirectory = "" } = await create(first, "s");
    const config = join(repository.path, ".git/config");
    await chmod(config, 0o600);
    await writeFile(config, "[broken\n");
    await end(first, "s");
    await until("the warning", () => logged.find(({ event }) => event === "workspace.left"));
    await first.close();
    expect(existsSync(workingDirectory)).toBe(true);
    expect(first.session("s").workspace?.released).toBeUndefined();
    await writeFile(config, "[core]\n\trepositoryformatversion = 0\n\tbare = false\n");
    const second = await open();
    await until("the release", () => second.session("s").workspace?.released);
    expect(existsSync(workingDirectory)).toBe(false);
    expect(await left()).toEqual([]);
  });

  it("and of which there is no record stays, unless it is gone", async () => {
    const supervisor = await open();
    const [here, gone] = [await create(supervisor, "here"), await create(supervisor, "gone")];
    for (const name of await left()) if (name.endsWith(".json")) await rm(join(dataDir, "workspaces", name));
    await rm(gone.workingDirectory ?? "", { recursive: true });
    for (const sessionId of ["here", "gone"]) {
      await end(supervisor, sessionId);
      await until("the release", () => supervisor.session(sessionId).workspace?.released);
    }
    expect(supervisor.session("here").workspace?.released).toEqual({
      outcome: "kept",
      reason: "there is no record of what was made",
    });
    expect(supervisor.session("gone").workspace?.released?.outcome).toBe("removed");
    expect(existsSync(here.workingDirectory ?? "")).toBe(true);
  });

  it("is judged by what would be lost where its session is gone from the state as well", async () => {
    const first = await open();
    const [clean, dirty] = [await create(first, "clean"), await create(first, "dirty")];
    await writeFile(join(dirty.workingDirectory ?? "", "new.txt"), "new");
    await first.close();
    // Another state in the same folder, as after a restore.
    await rm(join(dataDir, "journal"), { recursive: true });
    await mkdir(join(dataDir, "journal"), { mode: 0o700 });
    await open();
    await until("the look", () => logged.filter(({ event }) => event?.startsWith("workspace.")).length === 2);
    expect(existsSync(clean.workingDirectory ?? "")).toBe(false);
    expect(existsSync(join(dirty.workingDirectory ?? "", "new.txt"))).toBe(true);
    expect((await left()).filter((name) => name.endsWith(".json"))).toEqual([]);
  });

  it("is gone before its session is, and told of no more", async () => {
    const supervisor = await open();
    const { workingDirectory = "" } = await create(supervisor, "s");
    await end(supervisor, "s");
    await supervisor.submit({ type: "session/delete", sessionId: "s" });
    await until("the release", () => logged.some(({ event }) => event === "workspace.removed"));
    expect(existsSync(workingDirectory)).toBe(false);
    await supervisor.close();
    expect(logged.filter(({ event }) => event?.startsWith("workspace."))).toEqual([
      expect.objectContaining({ event: "workspace.removed", sessionId: "s" }),
    ]);
  });
});

describe("a start", () => {
  it("goes on where the records cannot be looked at", async () => {
    await writeFile(join(dataDir, "workspaces"), "in the way");
    const supervisor = await open();
    await expect(create(supervisor, "s")).rejects.toMatchObject({ refusal: { type: "workspace_failed" } });
    await createSession(supervisor, { sessionId: "plain" }, undefined);
    expect(supervisor.session("plain").status).toBe("active");
  });
});

describe("a journal that takes no writes", () => {
  it("makes no workspace", async () => {
    const supervisor = await open();
    await supervisor.journal.close();
    await expect(create(supervisor, "s")).rejects.toMatchObject({ refusal: { type: "journal_unavailable" } });
    expect(await left().catch(() => [])).toEqual([]);
    expect(repository.worktrees()).toBe(0);
  });
});
