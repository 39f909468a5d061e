import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";

import type { Result } from "../../client/index.js";
import { daemonForSuite } from "../support/daemon.js";
import { GitRepository } from "../support/gitRepository.js";

type Validated = Result<"path/validate">["items"][number];

const suite = daemonForSuite({ inProcess: true });

async function check(path: string, options: object = {}): Promise<Validated> {
  const peer = await suite().peer();
  const { items } = await peer.call("path/validate", { paths: [path], ...options });
  return items[0] as Validated;
}

const codes = ({ findings }: Validated): string[] => findings.map(({ code }) => code);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sessiond-paths-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

describe("path/validate", () => {
  it("S2.3 says of folders and files what they are and may be used for", async () => {
    await writeFile(join(folder, "file"), "x");
    await chmod(join(folder, "file"), 0o600);
    const found = await check(folder, { need: ["read", "write", "execute", "folder"] });
    expect(found).toMatchObject({
      valid: true,
      findings: [],
      exists: true,
      isLink: false,
      kind: "folder",
      resolvedPath: folder,
      permissions: { read: true, write: true, execute: true },
    });
    expect(found.disk?.totalBytes).toBeGreaterThan(found.disk?.freeBytes ?? 0);
    expect(found).not.toHaveProperty("git");
    const file = await check(join(folder, "file"), { need: ["folder", "execute"] });
    expect(file).toMatchObject({ valid: false, kind: "file" });
    expect(codes(file)).toEqual(["not_a_folder", "not_executable"]);
    expect(codes(await check(folder, { need: ["file"] }))).toEqual(["not_a_file"]);
    expect(codes(await check(join(folder, "file", "below")))).toEqual(["missing"]);
  });

  it("S2.3 says what is missing, whether it could be made, and makes nothing", async () => {
    const path = join(folder, "a", "b");
    const missing = await check(path);
    expect(missing).toMatchObject({ valid: false, exists: false, resolvedPath: path });
    expect(missing.findings).toEqual([
      { code: "missing", severity: "error", message: "it is not there", hint: expect.any(String) as string },
    ]);
    expect(await check(path, { mayBeMissing: true })).toMatchObject({ valid: true, findings: [] });
    await writeFile(join(folder, "file"), "x");
    expect(codes(await check(join(folder, "file", "b"), { mayBeMissing: true }))).toEqual(["missing"]);
    expect(await readdir(folder)).toEqual(["file"]);
  });

  it("S2.3 follows links, and holds what they lead to against the restricted places", async () => {
    await symlink("/etc", join(folder, "out"));
    await symlink(join(folder, "nowhere"), join(folder, "dangling"));
    await symlink(join(folder, "round"), join(folder, "round"));
    await mkdir(join(folder, "real"));
    await symlink(join(folder, "real"), join(folder, "in"));
    const out = await check(join(folder, "out"));
    expect(out).toMatchObject({ valid: false, isLink: true, resolvedPath: "/etc" });
    expect(out.findings[0]?.message).toBe("it leads to /etc, in /etc: it belongs to the system");
    expect(codes(await check(join(folder, "out", "not-there"), { mayBeMissing: true }))).toContain(
      "restricted",
    );
    expect(codes(await check(join(folder, "dangling")))).toEqual(["dangling_link"]);
    expect(codes(await check(join(folder, "round")))).toEqual(["link_loop"]);
    expect(await check(join(folder, "in", "new"), { mayBeMissing: true })).toMatchObject({
      valid: true,
      resolvedPath: join(folder, "real", "new"),
    });
  });

  it("S2.3 names restricted places, the daemon's own among them", async () => {
    expect(codes(await check("/etc/passwd"))).toContain("restricted");
    expect(codes(await check("/"))).toContain("restricted");
    const { dataDir } = suite();
    const own = await check(join(dataDir, "journal"));
    expect(own.findings).toContainEqual(
      expect.objectContaining({ code: "restricted", message: expect.stringContaining("its own") as string }),
    );
    expect(codes(await check(`${folder}/../../etc`))).toEqual(
      expect.arrayContaining(["traversal", "restricted"]),
    );
  });

  it("S2.3 S2.16 goes by the rules of other platforms without a look at any disk, and proposes", async () => {
    const windows = await check("C:\\work\\nul.txt?", { platform: "windows", propose: true });
    expect(windows).toEqual({
      path: "C:\\work\\nul.txt?",
      valid: false,
      findings: expect.any(Array) as unknown[],
      proposal: "C:\\work\\_nul.txt",
    });
    expect(codes(windows)).toEqual(["invalid_character", "reserved_name"]);
    expect(await check("/Volumes/a", { platform: "macos" })).toEqual({
      path: "/Volumes/a",
      valid: true,
      findings: [],
    });
    expect(codes(await check("", {}))).toEqual(["empty"]);
    expect(codes(await check("/a\0b"))).toEqual(["invalid_character"]);
  });

  it("S2.3 takes many at a time, in their order", async () => {
    const peer = await suite().peer();
    const paths = Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? folder : join(folder, `n${at}`)));
    const { valid, items } = await peer.call("path/validate", { paths, git: false });
    expect(valid).toBe(false);
    expect(items.map(({ path }) => path)).toEqual(paths);
    expect(items.map((item) => item.valid)).toEqual(paths.map((_, at) => at % 2 === 0));
    await expect(peer.call("path/validate", { paths: [...paths, folder] })).rejects.toMatchObject({
      type: "invalid_params",
    });
  });

  it("S2.3 tells the state of a repository, and runs nothing that the repository names", async () => {
    const repository = await GitRepository.forTest();
    const stage = (await check(repository.path)).git;
    expect(stage).toMatchObject({ root: repository.path, branch: "main", isDirty: false, isWorktree: false });
    expect(stage?.commit).toMatch(/^[0-9a-f]{40}$/);
    const ran = join(repository.folder, "ran");
    for (const [name, value] of [
      ["core.fsmonitor", `touch '${ran}'; false`],
      ["filter.evil.clean", `touch '${ran}'; cat`],
      ["diff.external", `touch '${ran}'`],
    ])
      repository.git(["config", name ?? "", value ?? ""]);
    await writeFile(join(repository.path, ".gitattributes"), "* filter=evil diff=evil");
    await writeFile(join(repository.path, "first.txt"), "changed");
    const dirty = await check(join(repository.path, "first.txt"));
    expect(dirty.git).toMatchObject({ root: repository.path, isDirty: true });
    expect(await readdir(repository.folder)).not.toContain("ran");
    repository.git(["checkout", "-q", "--detach"]);
    expect((await check(repository.path)).git).not.toHaveProperty("branch");
    expect(await check(repository.path, { git: false })).not.toHaveProperty("git");
  });

  it("S2.3 tells a worktree, and how far a branch is from what it follows", async () => {
    const repository = await GitRepository.forTest();
    repository.git(["branch", "followed"]);
    repository.git(["branch", "-q", "--set-upstream-to", "followed", "main"]);
    await repository.commit("second.txt", "second");
    const tree = join(repository.folder, "tree");
    repository.git(["worktree", "add", "-q", "-b", "other", tree]);
    expect((await check(repository.path)).git).toMatchObject({
      isWorktree: false,
      upstream: { name: "followed", ahead: 1, behind: 0 },
    });
    expect((await check(tree)).git).toMatchObject({ isWorktree: true, branch: "other", root: tree });
  });
});
