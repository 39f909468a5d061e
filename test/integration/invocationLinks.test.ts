import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import type { Result } from "../../src/protocol/types.js";
import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import { until } from "../support/until.js";

function linksOf({ dataDir }: TestDaemon, { sessionId, createdSeq }: Result<"session/create">): string {
  return join(dataDir, "content", `${sessionId}~${createdSeq}`, "invocations");
}

/** Where a link points to, once it is there. */
function linked(folder: string, invocationId: string): Promise<string> {
  return until(`the link of ${invocationId}`, async () => {
    return readlink(join(folder, invocationId)).catch(() => undefined);
  });
}

describe("the link to a tool's own folder", () => {
  it("S4.3 S4.4 is made for what is started and linked, and goes without what it points to", async () => {
    const daemon = await daemonForTest();
    const peer = await daemon.peer();
    const target = join(daemon.folder, ".history", "a b\n'\"$(x)");
    await mkdir(target, { recursive: true });
    await writeFile(join(target, "result.json"), "{}");
    const session = await peer.call("session/create");
    const { sessionId } = session;
    const folder = linksOf(daemon, session);
    const hostile = ["a..b", "-x", "..", "archive", `A${"y".repeat(127)}`];
    const accepted: string[] = [];
    for (const invocationId of hostile) {
      const link = peer.call("invocation/link", { sessionId, tool: "t", invocationId, path: target });
      await link.then(
        () => accepted.push(invocationId),
        () => undefined,
      );
    }
    expect(accepted).toEqual(["a..b", "archive", `A${"y".repeat(127)}`]);
    await peer.call("invocation/start", { sessionId, tool: "t", invocationId: "home", path: daemon.dataDir });
    for (const invocationId of accepted) expect(await linked(folder, invocationId)).toBe(target);
    expect(await linked(folder, "home")).toBe(daemon.dataDir);
    expect((await readdir(folder)).toSorted()).toEqual([...accepted, "home"].toSorted());
    await peer.call("session/end", { sessionId });
    await peer.call("session/delete", { sessionId });
    await until("the session's folder to go", async () => {
      return (await readdir(join(daemon.dataDir, "content"))).length === 0;
    });
    expect(await readFile(join(target, "result.json"), "utf8")).toBe("{}");
    expect(await readdir(daemon.dataDir)).toContain("journal");
  });

  it("S4.3 is not made through a folder that was replaced, nor over anything else", async () => {
    const daemon = await daemonForTest();
    const peer = await daemon.peer();
    const session = await peer.call("session/create");
    const { sessionId } = session;
    const folder = linksOf(daemon, session);
    const link = (invocationId: string) =>
      peer.call("invocation/link", { sessionId, tool: "t", invocationId, path: "/nowhere" });
    await link("first");
    await linked(folder, "first");
    await mkdir(join(folder, "mine"));
    await writeFile(join(folder, "mine", "kept"), "");
    await link("mine");
    await link("second");
    await linked(folder, "second");
    expect(await readdir(join(folder, "mine"))).toEqual(["kept"]);
    await rm(folder, { recursive: true });
    const elsewhere = join(daemon.folder, "elsewhere");
    await mkdir(elsewhere);
    await symlink(elsewhere, folder);
    await link("third");
    const warnings = await until("both warnings", async () => {
      const found = (await daemon.log()).filter(({ msg }) =>
        String(msg).startsWith("The link to the folder"),
      );
      return found.length === 2 ? found : undefined;
    });
    expect(warnings).toMatchObject([{ invocationId: "mine" }, { invocationId: "third" }]);
    expect(await readdir(elsewhere)).toEqual([]);
    await writeFile(join(elsewhere, "kept"), "");
    await peer.call("session/end", { sessionId });
    await peer.call("session/delete", { sessionId });
    await until("the session's folder to go", async () => {
      return (await readdir(join(daemon.dataDir, "content"))).length === 0;
    });
    expect(await readdir(elsewhere)).toEqual(["kept"]);
  });

  it("S4.3 is made by the next start where a crash came first", async () => {
    const daemon = await daemonForTest();
    let peer = await daemon.peer();
    const session = await peer.call("session/create");
    const { sessionId } = session;
    const { invocationId } = await peer.call("invocation/link", { sessionId, tool: "t", path: "/nowhere" });
    const folder = linksOf(daemon, session);
    await linked(folder, invocationId);
    await daemon.kill();
    await rm(folder, { recursive: true });
    await daemon.start();
    expect(await linked(folder, invocationId)).toBe("/nowhere");
    peer = await daemon.peer();
    expect(await peer.call("invocation/get", { invocationId })).toMatchObject({ path: "/nowhere" });
  });

  it("S0.14 S4.3 neither it nor its target is in a backup, and the invocation is", async () => {
    const daemon = await daemonForTest({ config: { sessions: { autoSaveIntervalMs: 100 } } });
    const peer = await daemon.peer();
    const target = join(daemon.folder, "history");
    await mkdir(target);
    await writeFile(join(target, "result.json"), "{}");
    const session = await peer.call("session/create");
    const { sessionId } = session;
    const file = join(linksOf(daemon, session), "..", "invocations.jsonl");
    // A save has come to its end, the sync included, when the next one has begun.
    for (const invocationId of ["i", "j"]) {
      await peer.call("invocation/link", { sessionId, tool: "t", invocationId, path: target });
      await linked(linksOf(daemon, session), invocationId);
      await until("the save", async () => {
        return (await readFile(file, "utf8").catch(() => "")).includes(`"${invocationId}"`);
      });
    }
    const path = join(daemon.folder, "backup");
    await peer.call("daemon/backup", { path });
    const content = join(path, "content", `${sessionId}~${session.createdSeq}`);
    expect(await readdir(content)).toEqual(["invocations.jsonl"]);
  });
});
