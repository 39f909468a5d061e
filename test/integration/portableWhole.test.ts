import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import { exported, type Line, linesOf, outputOf, ran, writeLines } from "../support/portableFile.js";
import { until } from "../support/until.js";

const suite = daemonForSuite({ inProcess: true });
const elsewhere = daemonForSuite({ inProcess: true });

let files = 0;

/** A path that nothing lies at. */
const newPath = (): string => join(suite().folder, `file-${(files += 1)}.jsonl`);

describe("what else a file has of a session", () => {
  it("S2.2 checkpoints are restored elsewhere as they are here", async () => {
    const peer = await suite().peer();
    const sessionId = "kept";
    await peer.call("session/create", { sessionId, environment: { API_TOKEN: "hunter2", PLAIN: "x" } });
    for (const content of ["one", "two"]) {
      await peer.call("message/append", { sessionId, role: "user", content });
      await peer.call("metadata/set", { sessionId, key: "at", value: content });
      await peer.call("checkpoint/create", { sessionId, label: content });
    }
    await peer.call("message/append", { sessionId, role: "user", content: "three" });
    await peer.call("checkpoint/restore", { sessionId });
    const list = { sessionId, limit: 10 };
    const mine = (await peer.call("checkpoint/list", list)).items;
    expect(mine).toMatchObject([{ automatic: true }, { label: "two" }, { label: "one" }]);
    const path = await exported(peer, sessionId, newPath());
    expect(await readFile(path, "utf8")).not.toContain("hunter2");

    const daemon = await daemonForTest();
    const other = await daemon.peer();
    expect((await other.call("session/import", { path })).imported).toEqual([
      { sessionId, ignored: ["environment.API_TOKEN", "checkpoints.environment.API_TOKEN"] },
    ]);
    const { createdSeq } = await other.call("session/get", { sessionId });
    const theirs = (await other.call("checkpoint/list", list)).items;
    expect(theirs.map(({ seq }) => seq)).toEqual([createdSeq, createdSeq, createdSeq]);
    // Without the secret it is smaller.
    const shape = (one: object): object => ({ ...one, seq: 0, sizeBytes: 0 });
    expect(theirs.map(shape)).toEqual(mine.map(shape));
    expect((await other.call("checkpoint/list", { ...list, limit: 1 })).nextCursor).toBeDefined();
    // They are files like any others: there after a crash and a restart, and gone with their session.
    await daemon.crash();
    await daemon.restart();
    const again = await daemon.peer();
    const folder = join(daemon.dataDir, "checkpoints", `session_${sessionId}~${createdSeq}`);
    expect(await readdir(folder)).toHaveLength(3);
    const checkpointId = theirs.at(-1)?.checkpointId;
    await again.call("checkpoint/restore", { sessionId, ...(checkpointId && { checkpointId }) });
    expect(await again.call("session/get", { sessionId })).toMatchObject({
      metadata: { at: "one" },
      messages: 1,
      environment: { PLAIN: "x" },
    });
    await again.call("session/end", { sessionId, status: "completed" });
    await again.call("session/delete", { sessionId });
    await until(
      "their removal",
      async () => (await readdir(join(daemon.dataDir, "checkpoints"))).length === 1,
    );
  });

  it("S2.2 a workspace is told as what it was, and nothing is done where it lies", async () => {
    const peer = await suite().peer();
    const sessionId = "placed";
    const made = await peer.call("session/create", {
      sessionId,
      workspace: { kind: "folder", keep: "never" },
    });
    const { path: place = "" } = made.workspace ?? {};
    await writeFile(join(place, "mine"), "mine");
    const path = await exported(peer, sessionId, newPath());
    const renamed = await peer.call("session/import", { path, onConflict: "rename" });
    const copy = renamed.imported[0]?.sessionId ?? "";
    const { workspace } = await peer.call("session/get", { sessionId: copy });
    const released = { outcome: "kept", reason: "it stayed where the session was exported" };
    expect(workspace).toEqual({ ...made.workspace, released });
    await peer.call("session/end", { sessionId: copy, status: "completed" });
    await peer.call("session/delete", { sessionId: copy });
    expect(await readFile(join(place, "mine"), "utf8")).toBe("mine");
    // What it says is the same wherever it is carried next.
    const other = await elsewhere().peer();
    await other.call("session/import", { path });
    const [, line] = await linesOf(await exported(other, sessionId, newPath()));
    expect(line).toMatchObject({ workspace });
  });

  it("S2.2 the epochs of its leases go on, and no holder is taken along", async () => {
    const peer = await suite().peer();
    const sessionId = "claimed";
    await peer.call("session/create", { sessionId });
    const first = await peer.call("session/claim", { sessionId, holder: "h" });
    const { lease } = await peer.call("session/claim", { sessionId, takeover: true, holder: "h" });
    expect(first.epoch).toBe(1);
    const path = await exported(peer, sessionId, newPath());
    expect(await readFile(path, "utf8")).not.toContain(lease);
    const other = await elsewhere().peer();
    await other.call("session/import", { path });
    expect(await other.call("session/get", { sessionId })).not.toHaveProperty("lease");
    await expect(other.call("session/touch", { sessionId, lease })).rejects.toMatchObject({
      type: "lease_lost",
    });
    await other.call("session/touch", { sessionId });
    expect(await other.call("session/claim", { sessionId })).toMatchObject({ epoch: 3 });
  });

  it("S2.2 an invocation that ran then is abandoned elsewhere, with what it was asked", async () => {
    const peer = await suite().peer();
    const sessionId = "invoked";
    await peer.call("session/create", { sessionId });
    const invocation = { sessionId, invocationId: "i", tool: "grep", input: { words: 3 } };
    await peer.call("invocation/start", invocation);
    await peer.call("invocation/link", { sessionId, invocationId: "before", tool: "ls" });
    const path = await exported(peer, sessionId, newPath());
    const [{ exportedAt }] = (await linesOf(path)) as [Line];
    const other = await elsewhere().peer();
    await other.call("session/import", { path });
    expect(await other.call("invocation/list", { sessionId, order: "oldest" })).toMatchObject({
      items: [
        { invocationId: "before", status: "succeeded" },
        { ...invocation, status: "abandoned", endedAt: exportedAt },
      ],
      total: 2,
    });
    const { invocations } = await other.call("session/get", { sessionId });
    expect(invocations).toMatchObject({ running: 0, succeeded: 1, abandoned: 1 });
  });

  it("S2.2 a file of version 1 is taken, which had none of that", async () => {
    const peer = await suite().peer();
    await peer.call("session/create", { sessionId: "old", name: "from before" });
    await peer.call("message/append", { sessionId: "old", role: "user", content: "one" });
    await ran(peer, "old", "true");
    const lines = (await linesOf(await exported(peer, "old", newPath()))).slice(0, -1);
    const [head, session, ...rest] = lines;
    const path = await writeLines(newPath(), [
      { ...head, version: 1 },
      session ?? {},
      ...rest.filter(({ line }) => line === "message"),
    ]);
    const other = await elsewhere().peer();
    expect((await other.call("session/import", { path })).imported).toEqual([{ sessionId: "old" }]);
    expect(await other.call("session/get", { sessionId: "old" })).toMatchObject({
      name: "from before",
      messages: 1,
      checkpoints: 0,
      commands: { total: 1, succeeded: 1 },
    });
  });

  it("S2.2 is all there after a crash right behind the answer, and none of it where the import fails", async () => {
    const peer = await suite().peer();
    const sessionId = "survivor";
    await peer.call("session/create", { sessionId });
    await peer.call("checkpoint/create", { sessionId, label: "k" });
    const commandId = await ran(peer, sessionId, "echo here");
    const path = await exported(peer, sessionId, newPath());
    const daemon = await daemonForTest();
    const there = await daemon.peer();
    await there.call("session/import", { path });
    await daemon.crash();
    const again = await daemon.peer();
    expect(await outputOf(again, commandId)).toBe("here\n");
    await again.call("checkpoint/restore", { sessionId });
    await again.call("session/end", { sessionId, status: "completed" });
    await again.call("session/delete", { sessionId });

    const lines = (await linesOf(path)).slice(0, -1);
    const ahead = new Date(Date.now() + 10 * 86_400_000).toISOString();
    const [head = {}, session = {}, ...rest] = lines;
    const future = await writeLines(newPath(), [
      head,
      { ...session, createdAt: ahead, lastActivityAt: ahead },
      ...rest,
    ]);
    const refused = await again.call("session/import", { path: future });
    expect(refused.skipped).toMatchObject([{ reason: expect.stringContaining("future") }]);
    for (const place of ["content", "checkpoints"])
      expect(await readdir(join(daemon.dataDir, place, ".staged"))).toEqual([]);
  });
});
