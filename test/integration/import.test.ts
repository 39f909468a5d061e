import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import { until } from "../support/until.js";

// What is imported here ended long ago, and is to stay as it came.
const suite = daemonForSuite({
  config: { sessions: { autoSaveIntervalMs: 100 }, retention: { archiveAfterMs: 0 } },
});

/** The very files of the documentation. */
const REGISTRY = {
  sessions: {
    abc123: { created_at: "2025-11-08T10:30:00Z", status: "active", timeout_seconds: 3600 },
    def456: { created_at: "2025-11-08T09:00:00Z", status: "archived", timeout_seconds: 3600 },
  },
};
const ABC123 = {
  session_id: "abc123",
  created_at: "2025-11-08T10:30:00Z",
  last_activity: "2025-11-08T10:35:15Z",
  status: "active",
  timeout_seconds: 3600,
  metadata: { user: "alice@example.com", branch: "main" },
  activity_log: [{ action: "user_input", timestamp: "2025-11-08T10:30:05Z", details: { message: "Hello" } }],
};
const DEF456 = { ...ABC123, session_id: "def456", created_at: "2025-11-08T09:00:00Z", status: "ended" };

let folders = 0;

/** A folder with these files; values other than texts and bytes are written as JSON. */
async function folderWith(files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = join(suite().folder, `from-${(folders += 1)}`);
  await mkdir(join(folder, "archive"), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const raw = typeof content === "string" || Buffer.isBuffer(content);
    await writeFile(join(folder, name), raw ? content : JSON.stringify(content));
  }
  return folder;
}

/** The same session under another id. */
const like = (sessionId: string, changes: object = {}): object => ({
  ...ABC123,
  session_id: sessionId,
  ...changes,
});

describe("session/import", () => {
  it("S1.10 takes over a folder in the documented shape, times and all", async () => {
    const peer = await suite().peer();
    const path = await folderWith({
      "registry.json": REGISTRY,
      "session_abc123.json": ABC123,
      "archive/session_def456.json": DEF456,
      "archive/session_zip.json.gz": gzipSync(JSON.stringify(like("zip", { status: "paused", extra: 1 }))),
      "notes.txt": "not one of them",
    });
    const { imported, skipped, seq } = await peer.call("session/import", { path });
    expect({ imported, skipped }).toEqual({
      imported: [{ sessionId: "abc123" }, { sessionId: "def456" }, { sessionId: "zip", ignored: ["extra"] }],
      skipped: [],
    });
    expect(seq).toBe((await peer.call("daemon/status")).journal.seq);
    expect(await peer.call("session/get", { sessionId: "abc123" })).toMatchObject({
      status: "active",
      createdAt: "2025-11-08T10:30:00.000Z",
      lastActivityAt: "2025-11-08T10:35:15.000Z",
      metadata: ABC123.metadata,
      config: { idleTimeoutMs: 3_600_000 },
      activities: 1,
    });
    expect(await peer.call("session/activities", { sessionId: "abc123" })).toMatchObject({
      items: [{ action: "user_input", at: "2025-11-08T10:30:05.000Z", details: { message: "Hello" } }],
      total: 1,
    });
    for (const sessionId of ["def456", "zip"]) {
      const archived = await peer.call("session/get", { sessionId });
      expect(archived).toMatchObject({ status: "completed", archivedAt: "2025-11-08T10:35:15.000Z" });
    }
    // It is a session like any other, and its own file has the shape that it came in.
    await peer.call("session/record", { sessionId: "abc123", action: "again" });
    const file = await until("its file", async () => {
      const own = join(suite().dataDir, "sessions", "session_abc123.json");
      const text = await readFile(own, "utf8").catch(() => "{}");
      const found = JSON.parse(text) as { activity_log?: { action: string; timestamp: string }[] };
      return found.activity_log?.length === 2 && found;
    });
    expect(file).toMatchObject({ created_at: "2025-11-08T10:30:00.000Z", metadata: ABC123.metadata });
    expect(file.activity_log?.[0]).toMatchObject({
      action: "user_input",
      timestamp: "2025-11-08T10:30:05.000Z",
    });
  });

  it("S1.10 refuses what is malformed with the place and the reason, and takes the rest", async () => {
    const peer = await suite().peer();
    const path = await folderWith({
      "session_m-good.json": like("m-good"),
      "session_m-torn.json": '{\n  "session_id": "m-torn",\n  "created_at": ',
      "session_m-array.json": "[]",
      "session_m-name.json": like("m-other"),
      "session_m-status.json": like("m-status", { status: "running" }),
      "session_m-time.json": like("m-time", { created_at: "yesterday" }),
      "session_m-order.json": like("m-order", { last_activity: "2025-11-08T10:29:59Z" }),
      "session_m-future.json": like("m-future", { last_activity: "2525-11-08T10:29:59Z" }),
      "session_m-log.json": like("m-log", { activity_log: [ABC123.activity_log[0], { action: 7 }] }),
      "session_m-metadata.json": like("m-metadata", { metadata: [1] }),
      "session_m-proto.json": JSON.stringify(like("m-proto")).replace('"user"', '"__proto__"'),
      "session_m-deep.json": JSON.stringify(like("m-deep", { metadata: { k: 0 } })).replace(
        '"k":0',
        `"k":${"[".repeat(5_000)}${"]".repeat(5_000)}`,
      ),
      "session_m-wide.json": like("m-wide", { metadata: { k: "x".repeat(70_000) } }),
      "session_m-huge.json": JSON.stringify(like("m-huge")).padEnd(4_194_305, " "),
      "archive/session_m-bomb.json.gz": gzipSync(Buffer.alloc(64 * 1024 * 1024, " ")),
      "session_m-bytes.json": Buffer.from([0x7b, 0xff, 0x7d]),
    });
    await symlink(join(path, "session_m-good.json"), join(path, "session_m-link.json"));
    await mkdir(join(path, "session_m-dir.json"));
    const before = (await peer.call("session/list", { includeArchived: true })).total;
    const { imported, skipped } = await peer.call("session/import", { path });
    expect(imported).toEqual([{ sessionId: "m-good" }]);
    const reasons = Object.fromEntries(
      skipped.map(({ file, reason }) => [file.replace(/^.*session_m-/, ""), reason]),
    );
    expect(reasons).toEqual({
      "torn.json": "line 3: it is not JSON",
      "array.json": expect.stringContaining("expected object"),
      "name.json": 'session_id: it is "m-other", and the name of the file says "m-name"',
      "status.json": expect.stringMatching(/^status: /),
      "time.json": "created_at: expected a time such as 2025-11-08T10:30:00Z",
      "order.json": "last_activity: it lies before created_at",
      "future.json": "last_activity: it lies in the future",
      "log.json": expect.stringMatching(/^activity_log\.1\.action: /),
      "metadata.json": "metadata: expected an object",
      "proto.json": 'metadata: the object has a key "__proto__", which is not allowed',
      "deep.json": "metadata: the object is nested deeper than 64 levels",
      "wide.json": 'metadata "k" has 70002 characters as JSON; 65536 are allowed.',
      "huge.json": "it has 4194305 bytes, and 4194304 are allowed",
      "bomb.json.gz": expect.stringMatching(/^it cannot be decompressed: /),
      "bytes.json": "it is not UTF-8",
      "link.json": "it is a symbolic link",
      "dir.json": "it is not a file",
    });
    expect((await peer.call("session/list", { includeArchived: true })).total).toBe(before + 1);
  });

  it("S1.10 lets no id be a path, wherever the file comes from", async () => {
    const peer = await suite().peer();
    for (const evil of ["../../escape", "/etc/passwd", ".hidden", "a/b", "a\0b", "", 7, null]) {
      const path = join(await folderWith({ "any.json": { ...ABC123, session_id: evil } }), "any.json");
      const { imported, skipped } = await peer.call("session/import", { path });
      expect(imported).toEqual([]);
      expect(skipped[0]).toMatchObject({ file: "any.json", reason: expect.stringMatching(/^session_id: /) });
    }
  });

  it("S1.10 refuses, renames or keeps where the id is taken", async () => {
    const peer = await suite().peer();
    for (const sessionId of ["c-a", "c-a-2"])
      await peer.call("session/create", { sessionId, name: "here first" });
    const path = await folderWith({ "session_c-a.json": like("c-a"), "session_c-b.json": like("c-b") });
    const refused = peer.call("session/import", { path });
    await expect(refused).rejects.toMatchObject({ type: "session_exists" });
    await expect(peer.call("session/get", { sessionId: "c-b" })).rejects.toThrow("There is no session");
    expect(await peer.call("session/import", { path, onConflict: "keep" })).toMatchObject({
      imported: [{ sessionId: "c-b" }],
      skipped: [{ file: "session_c-a.json", reason: 'session_id: there is a session "c-a" already' }],
    });
    expect(await peer.call("session/import", { path, onConflict: "rename" })).toMatchObject({
      imported: [
        { sessionId: "c-a-3", renamedFrom: "c-a" },
        { sessionId: "c-b-2", renamedFrom: "c-b" },
      ],
      skipped: [],
    });
    expect(await peer.call("session/get", { sessionId: "c-a" })).toMatchObject({ name: "here first" });
    const single = join(await folderWith({ "export.json": like("c-a") }), "export.json");
    await expect(peer.call("session/import", { path: single })).rejects.toMatchObject({
      type: "session_exists",
    });
  });

  it("S1.10 refuses a path that is of no use", async () => {
    const peer = await suite().peer();
    const folder = await folderWith({
      "registry.json": '{"sessions":{"a":{}}}',
      "session_p.json": like("p"),
    });
    const empty = await folderWith({});
    const link = join(suite().folder, "link");
    await symlink(folder, link);
    for (const [path, message] of [
      [join(folder, "none"), "does not exist"],
      [empty, "holds no file named session_<id>.json"],
      [link, "is a symbolic link"],
      [folder, "registry.json cannot be used: sessions.a.created_at: "],
      ["/dev/null", "is neither a folder nor a file"],
      ["relative", "expected an absolute path"],
    ] as const) {
      const call = peer.call("session/import", { path });
      await expect(call, path).rejects.toThrow(message);
    }
  });

  it("S1.10 happens once under a key, also when the daemon is killed in the middle of it", async () => {
    const daemon = await daemonForTest();
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`session_k${index}.json`, like(`k${index}`)]),
    );
    const path = await folderWith(files);
    const call = { path, idempotencyKey: "once" };
    const peer = await daemon.peer();
    const broken = peer.call("session/import", call).catch(() => undefined);
    await until("some of it", async () => (await peer.call("session/list")).total > 20);
    await daemon.crash();
    await broken;
    const again = await daemon.peer();
    const { total } = await again.call("session/list");
    const result = await again.call("session/import", call);
    expect(total).toBeLessThan(300);
    expect(result.imported.map(({ sessionId }) => sessionId).toSorted()).toEqual(
      Array.from({ length: 300 }, (_, index) => `k${index}`).toSorted(),
    );
    expect(result.skipped).toEqual([]);
    expect((await again.call("session/list")).total).toBe(300);
    await daemon.crash();
    expect(await (await daemon.peer()).call("session/import", call)).toEqual(result);
  });
});
