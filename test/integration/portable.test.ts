import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

const suite = daemonForSuite({ inProcess: true, config: { sessions: { autoSaveIntervalMs: 100 } } });
const elsewhere = daemonForSuite({ inProcess: true });

let files = 0;

/** A path that nothing lies at. */
const newPath = (ending: string): string => join(suite().folder, `file-${(files += 1)}${ending}`);

async function linesOf(path: string): Promise<Record<string, unknown>[]> {
  const bytes = await readFile(path);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Everything that can be seen of a session, but for where it is. */
async function seenOf(peer: Peer, sessionId: string): Promise<object> {
  const { createdSeq: _, sessionId: __, ...session } = await peer.call("session/get", { sessionId });
  const page = { sessionId, order: "oldest", limit: 1_000 } as const;
  const messages = (await peer.call("message/list", page)).items;
  const activities = (await peer.call("session/activities", page)).items;
  const invocations = (await peer.call("invocation/list", page)).items;
  const withoutSeq = (item: object): object => ({ ...item, seq: undefined });
  return {
    session,
    messages: messages.map(withoutSeq),
    activities: activities.map(withoutSeq),
    invocations: invocations.map((item) => ({ ...withoutSeq(item), sessionId: "" })),
  };
}

/** A session with something of everything. */
async function fill(peer: Peer, sessionId: string, count = 30): Promise<void> {
  await peer.call("session/create", {
    sessionId,
    name: "größe",
    purpose: "to be carried away",
    userId: "alice",
    workingDirectory: "/tmp",
    tags: ["a", "b c"],
    metadata: { nested: { list: [1, null, "zwei"] } },
    environment: { API_TOKEN: "hunter2", PLAIN: "seen" },
    config: { idleTimeoutMs: 7_200_000, retry: { maxAttempts: 3 } },
  });
  const calls = Array.from({ length: count }, async (_, index) => {
    const usage = {
      tool: index % 3 === 0 ? "__proto__" : `t${index % 3}`,
      inputTokens: index,
      costUsd: 0.25,
    };
    await peer.call("session/record", {
      sessionId,
      kind: "event",
      action: `a${index}`,
      details: { index },
      usage,
    });
    const content = index % 2 === 0 ? `m${index}\u2028"` : [{ type: "text", text: "y" }];
    await peer.call("message/append", { sessionId, role: "assistant", content, usage: { outputTokens: 7 } });
  });
  await Promise.all(calls);
  const invocation = { sessionId, invocationId: `${sessionId}-i`, tool: "grep", input: { words: 3 } };
  await peer.call("invocation/start", invocation);
  await peer.call("invocation/finish", {
    invocationId: invocation.invocationId,
    status: "failed",
    error: "no",
  });
  const { commandId } = await peer.call("command/start", { sessionId, argv: ["/bin/true"] });
  await peer.call("command/wait", { commandId });
}

describe("a file with everything of a session", () => {
  it.each([
    [".jsonl", 20],
    [".jsonl.gz", 1_050],
  ] as const)("S2.2 (%s) brings an equal session elsewhere", async (ending, count) => {
    const peer = await suite().peer();
    const sessionId = `whole${ending.length}`;
    await fill(peer, sessionId, count);
    const path = newPath(ending);
    const result = await peer.call("session/export", { sessionId, path, includeSecrets: true });
    const { size, mode } = await stat(path);
    expect(result).toEqual({ path, sizeBytes: size, activities: count, messages: count, damaged: 0 });
    expect(mode & 0o777).toBe(0o600);
    const lines = await linesOf(path);
    expect(lines[0]).toMatchObject({ format: "sessiond-export", version: 2, sessionId, secrets: "included" });
    expect(lines.at(-1)).toMatchObject({ line: "end", lines: { activity: count, message: count } });

    const other = await elsewhere().peer();
    expect(await other.call("session/import", { path })).toMatchObject({
      imported: [{ sessionId }],
      skipped: [],
    });
    expect(await seenOf(other, sessionId)).toEqual(await seenOf(peer, sessionId));
    const again = newPath(ending);
    await other.call("session/export", { sessionId, path: again, includeSecrets: true });
    expect((await linesOf(again)).slice(1, -1)).toEqual(lines.slice(1, -1));
    expect((await other.call("session/transfers", {})).items).toEqual([]);
  });

  it("S2.2 goes on where it is imported, and is there after a crash and a restart", async () => {
    const peer = await suite().peer();
    await fill(peer, "moved", 5);
    const path = newPath(".jsonl");
    await peer.call("session/export", { sessionId: "moved", path });
    const daemon = await daemonForTest();
    await (await daemon.peer()).call("session/import", { path });
    await daemon.crash();
    const again = await daemon.peer();
    await again.call("message/append", { sessionId: "moved", role: "user", content: "later" });
    await again.call("session/record", { sessionId: "moved", action: "later" });
    await daemon.restart();
    const last = await daemon.peer();
    const newest = { sessionId: "moved", order: "newest", limit: 2 } as const;
    expect(await last.call("message/list", newest)).toMatchObject({
      items: [{ content: "later", index: 6 }, { index: 5 }],
      total: 6,
    });
    expect(await last.call("session/activities", newest)).toMatchObject({
      items: [{ action: "later" }, { action: "a4" }],
      total: 6,
    });
  });

  it("S2.2 leaves out what looks like a secret, and says so on both ends", async () => {
    const peer = await suite().peer();
    await fill(peer, "secretive", 1);
    const path = newPath(".jsonl");
    await peer.call("session/export", { sessionId: "secretive", path });
    const text = await readFile(path, "utf8");
    expect(text).not.toContain("hunter2");
    expect((await linesOf(path)).slice(0, 2)).toMatchObject([
      { secrets: "left out" },
      { environment: { PLAIN: "seen" }, withheld: ["API_TOKEN"] },
    ]);
    const other = await elsewhere().peer();
    expect((await other.call("session/import", { path })).imported).toEqual([
      { sessionId: "secretive", ignored: ["environment.API_TOKEN"] },
    ]);
    const { environment } = await other.call("session/get", { sessionId: "secretive" });
    expect(environment).toEqual({ PLAIN: "seen" });
    await expect(
      peer.call("session/export", { sessionId: "secretive", path: newPath(".json"), includeSecrets: true }),
    ).rejects.toMatchObject({ type: "invalid_params", message: expect.stringContaining("never has them") });
  });

  it("S2.2 refuses, renames or keeps where the id is taken, whatever the file is called", async () => {
    const peer = await suite().peer();
    await fill(peer, "twice", 3);
    const path = newPath(".jsonl");
    await peer.call("session/export", { sessionId: "twice", path });
    const plain = newPath("");
    await writeFile(plain, gzipSync(await readFile(path)));
    await expect(peer.call("session/import", { path: plain })).rejects.toMatchObject({
      type: "session_exists",
    });
    const renamed = await peer.call("session/import", { path: plain, onConflict: "rename" });
    expect(renamed.imported).toMatchObject([{ sessionId: "twice-2", renamedFrom: "twice" }]);
    expect(await peer.call("message/list", { sessionId: "twice-2" })).toMatchObject({ total: 3 });
    const kept = await peer.call("session/import", { path: plain, onConflict: "keep" });
    expect(kept).toMatchObject({ imported: [], skipped: [{ reason: expect.stringContaining("already") }] });
    expect(await readdir(join(suite().dataDir, "content", ".staged")).catch(() => [])).toEqual([]);
  });

  it("S2.2 comes once for its key", async () => {
    const peer = await suite().peer();
    await fill(peer, "once", 3);
    const path = newPath(".jsonl");
    await peer.call("session/export", { sessionId: "once", path });
    const other = await elsewhere().peer();
    const call = { path, idempotencyKey: "import-whole" };
    const [one, two] = await Promise.all([
      other.call("session/import", call),
      other.call("session/import", call),
    ]);
    expect([two, await other.call("session/import", call)]).toEqual([one, one]);
    expect(one.imported).toMatchObject([{ sessionId: "once" }]);
  });

  it("S2.2 leaves out what is damaged, says so, and what is left is whole elsewhere", async () => {
    const peer = await suite().peer();
    const { createdSeq } = await peer.call("session/create", { sessionId: "torn" });
    for (const content of ["one", "two", "three"])
      await peer.call("message/append", { sessionId: "torn", role: "user", content });
    const saved = join(suite().dataDir, "content", `torn~${createdSeq}`, "conversation.jsonl");
    const text = await until("the save", async () => {
      const found = await readFile(saved, "utf8").catch(() => "");
      return found.includes('"three"') && found;
    });
    await writeFile(saved, text.replace('"two"', '"twO"'));
    // The file is written before memory lets go of what is in it.
    let path = "";
    const result = await until("the damage to be seen", async () => {
      path = newPath(".jsonl");
      const found = await peer.call("session/export", { sessionId: "torn", path });
      return found.damaged > 0 && found;
    });
    expect(result).toMatchObject({ messages: 2, damaged: 1 });
    const other = await elsewhere().peer();
    await other.call("session/import", { path });
    expect(await other.call("message/list", { sessionId: "torn" })).toMatchObject({
      items: [
        { content: "one", index: 1 },
        { content: "three", index: 3 },
      ],
      total: 2,
    });
  });

  it("S2.2 is refused where it is damaged or newer, with what and where, and nothing is made of it", async () => {
    const peer = await suite().peer();
    await fill(peer, "whole", 3);
    const path = newPath(".jsonl");
    await peer.call("session/export", { sessionId: "whole", path });
    const text = await readFile(path, "utf8");
    const lines = text.trimEnd().split("\n");
    const without = (at: number): string => `${lines.toSpliced(at, 1).join("\n")}\n`;
    const cases: readonly (readonly [content: string | Buffer, reason: RegExp])[] = [
      [text.replace('"version":2', '"version":3'), /^line 1: .*version 3.* newer/],
      [text.replace('"a1"', '"a9"'), /^line 11: the checksum/],
      [`${lines.slice(0, -1).join("\n")}\n`, /^line 10: .*checksum is missing/],
      [text.slice(0, text.length / 2), /^line \d: it is not JSON/],
      [without(3), /^line 10: the checksum/],
      [without(1), /^line 2: /],
      [`${text}{}\n`, /^line 12: something stands behind/],
      [lines.toSpliced(2, 0, lines[2] ?? "").join("\n"), /^line 6: the session has counted 3/],
      [text.replace('{"line":"message"', '{"line":"mess"'), /^line 6: it is none of the kinds/],
      [text.replace('"sessionId":"whole"', '"sessionId":"other"'), /^line 2: sessionId/],
      [text.replace('"role":"assistant"', '"role":"nobody"'), /^line 6: role: /],
      [
        lines
          .toSpliced(2, 1)
          .toSpliced(6, 0, lines[2] ?? "")
          .join("\n"),
        /^line 7: .*comes too late/,
      ],
      [text.replace(/("line":"message".*"index":)2/, "$11"), /^line 7: index: /],
      ["just text\n", /^line 1: it is not how/],
      [Buffer.from(`${lines[0]}\n{"a":"\xff"}\n`, "latin1"), /^line 2: it is not UTF-8/],
    ];
    const other = await elsewhere().peer();
    const total = async (): Promise<number> =>
      (await other.call("session/list", { includeArchived: true })).total;
    const before = await total();
    for (const [content, reason] of cases) {
      const damaged = newPath(".jsonl");
      await writeFile(damaged, content);
      const result = await other.call("session/import", { path: damaged });
      expect(result).toMatchObject({ imported: [], skipped: [{ reason: expect.stringMatching(reason) }] });
    }
    const cut = newPath(".jsonl.gz");
    await writeFile(cut, gzipSync(text).subarray(0, -20));
    expect((await other.call("session/import", { path: cut })).skipped).toMatchObject([
      { reason: expect.stringMatching(/^line \d+: it cannot be decompressed/) },
    ]);
    expect(await total()).toBe(before);
    expect(await readdir(join(elsewhere().dataDir, "content", ".staged"))).toEqual([]);
  });
});
