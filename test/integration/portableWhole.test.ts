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
    const shape = ({ seq: _, sizeBytes: __, ...one }: (typeof mine)[number]): object => one;
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
    const [{ sessionId: copy = "" } = {}] = renamed.imported;
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

  it("S2.2 a file that somebody made up is refused with what is wrong, and nothing is left of it", async () => {
    const peer = await suite().peer();
    const sessionId = "hostile";
    await peer.call("session/create", { sessionId });
    await peer.call("message/append", { sessionId, role: "user", content: "one" });
    await peer.call("checkpoint/create", { sessionId });
    await ran(peer, sessionId, "head -c 300000 /dev/zero", "c");
    const lines = (await linesOf(await exported(peer, sessionId, newPath()))).slice(0, -1);
    const kinds = lines.map(({ line }) => line);
    expect(kinds).toEqual([undefined, "session", "message", "checkpoint", "command", "output", "output"]);
    const [checkpoint = {}, command = {}, first = {}, second = {}] = lines.slice(3);
    const front = lines.slice(0, 3);
    const value = checkpoint["value"] as Line;
    const changed = (changes: Line): Line => ({ ...checkpoint, value: { ...value, ...changes } });
    const id = (index: number): string => `00000000-0000-7000-8000-${String(index).padStart(12, "0")}`;
    const many = Array.from({ length: 101 }, (_, index) => ({ ...checkpoint, checkpointId: id(index) }));
    const talk = (appended: number, count: number, hidden: unknown): Line =>
      changed({ conversation: { appended, count, hidden } });
    const cases: readonly (readonly [lines: readonly Line[], reason: RegExp])[] = [
      [[{ ...checkpoint, checkpointId: "../../../escaped" }], /^line 4: checkpointId: /],
      [[{ ...checkpoint, checkpointId: String(checkpoint["checkpointId"]).toUpperCase() }], /^line 4: check/],
      [[checkpoint, checkpoint], /^line 5: checkpointId: .* was in another line/],
      [many, /^line 104: automatic: there are 100/],
      [[changed({ status: "completed" })], /^line 4: value.endedAt/],
      [[changed({ metadata: { k: "x".repeat(70_000) } })], /^line 4: metadata "k" has/],
      [[talk(2, 1, [])], /^line 4: value.conversation.appended/],
      [[talk(1, 2, [])], /^line 4: value.conversation.count/],
      [[talk(1, 0, [[1, 1], [1, 1]])], /^line 4: value.conversation.hidden: these/], // prettier-ignore
      [[talk(1, 0, Array(10_001).fill([1, 1]))], /^line 4: value.conversation.hidden: there are too many/],
      [[{ ...command, commandId: "../c" }], /^line 4: commandId: /],
      [[{ ...command, commandId: "a/b" }], /^line 4: commandId: /],
      [[{ ...command, argv: [] }], /^line 4: argv: /],
      [[{ ...command, token: "t" }], /^line 4: /],
      [[{ ...command, endedAt: undefined }], /^line 4: endedAt/],
      [[command, command], /^line 5: commandId: "c" was in another line/],
      [[first], /^line 4: commandId: there is no command "c"/],
      [[command, { ...first, commandId: "../../d" }], /^line 5: commandId: /],
      [[command, second], /^line 5: from: it is 262144, and 0 bytes came before/],
      [[command, first, first], /^line 6: from: /],
      [[command, { ...first, stream: "stderr" }, first], /^line 6: stream: .* comes too late/],
      [[command, { ...first, base64: "%%%" }], /^line 5: base64: it is none/],
      [[command, { ...first, base64: "x".repeat(600_000) }], /^line 5: base64: /],
      [[command, checkpoint], /^line 5: a line of kind "checkpoint" comes too late/],
    ];
    const other = await elsewhere().peer();
    for (const [rest, reason] of cases) {
      const result = await other.call("session/import", {
        path: await writeLines(newPath(), [...front, ...rest]),
      });
      expect(result).toMatchObject({ imported: [], skipped: [{ reason: expect.stringMatching(reason) }] });
    }
    for (const place of ["content", "checkpoints"])
      expect(await readdir(join(elsewhere().dataDir, place, ".staged")).catch(() => [])).toEqual([]);
  });
});
