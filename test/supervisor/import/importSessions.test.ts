import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { RefusalError } from "../../../src/protocol/errors.js";
import { LIMITS } from "../../../src/protocol/limits.js";
import { importSessions } from "../../../src/supervisor/import/importSessions.js";
import { Supervisor } from "../../../src/supervisor/supervisor.js";
import { temporaryFolders } from "../../disk/temporaryFolder.js";
import { CONFIG } from "../../session/samples.js";

const newFolder = temporaryFolders();
const SESSION = { created_at: "2025-11-08T10:30:00Z", status: "active" };
const CALL = { key: "k", method: "session/import", digest: 7 };

let root: string;
beforeEach(async () => (root = await newFolder()));

/** A supervisor in memory that takes `maxSessions`. */
function open(maxSessions = 100): Promise<Supervisor> {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  return Supervisor.open({
    clock: { nowMs: () => Date.UTC(2026, 0, 1), upMs: () => 5, advanceTo: () => {} },
    bounds: { ...LIMITS, maxSessions, maxRunning: 1 },
    idempotency: { keepMs: 1_000_000, maxKeys: 50 },
    keepCommandsPerSession: 1,
    sessionDefaults: CONFIG,
    dataDir: root,
    contentDir: join(root, "content"),
    searchDir: join(root, "search"),
    checkpointsDir: join(root, "checkpoints"),
    log,
    sessionLog: () => log,
    onFatal: (error) => {
      throw error;
    },
  });
}

/** A folder with a file for each of the ids. */
async function folderOf(...ids: string[]): Promise<string> {
  const path = join(root, `from-${ids.length}-${ids[0] ?? ""}`);
  await mkdir(join(path, "archive"), { recursive: true });
  for (const id of ids) {
    await writeFile(join(path, `session_${id}.json`), JSON.stringify({ ...SESSION, session_id: id }));
  }
  return path;
}

describe("importSessions", () => {
  it("S1.10 answers a repeated call as the first, file by file or as a whole", async () => {
    const supervisor = await open();
    const ids = Array.from({ length: 40 }, (_, index) => `s${index + 10}`);
    const path = await folderOf(...ids);
    const fields = { path, onConflict: "refuse" } as const;
    const first = await importSessions(supervisor, fields, CALL);
    expect(first).toEqual({ imported: ids.map((sessionId) => ({ sessionId })), skipped: [], seq: 40 });
    expect(await importSessions(supervisor, fields, CALL)).toEqual(first);
    // As after a call that broke off: the files have their keys, and the whole has none.
    const others = { ...fields, path: await folderOf("t1", "t2") };
    const call = { ...CALL, key: "l" };
    const command = {
      ...supervisor.session("s10"),
      type: "session/import",
      sessionId: "t1",
      activities: [],
    } as const;
    await supervisor.submit(command, {
      call: { ...call, key: "l session_t1.json" },
      show: () => ({ sessionId: "t1" }),
    });
    expect(await importSessions(supervisor, others, call)).toEqual({
      imported: [{ sessionId: "t1" }, { sessionId: "t2" }],
      skipped: [],
      seq: 42,
    });
    await supervisor.close();
  });

  it("S1.10 a call that is repeated while it is under way joins it; another one is refused its key", async () => {
    const supervisor = await open();
    const path = await folderOf("a", "b", "c");
    await importSessions(supervisor, { path, onConflict: "keep" }, undefined);
    const fields = { path, onConflict: "rename" } as const;
    const first = importSessions(supervisor, fields, CALL);
    const other = importSessions(supervisor, fields, { ...CALL, digest: 8 });
    await expect(other).rejects.toMatchObject({ refusal: { type: "idempotency_conflict" } });
    const second = importSessions(supervisor, fields, CALL);
    expect(await second).toEqual(await first);
    const ids = ["a-2", "b-2", "c-2"];
    expect((await first).imported.map(({ sessionId }) => sessionId)).toEqual(ids);
    expect(await importSessions(supervisor, fields, CALL)).toEqual(await first);
    expect(supervisor.registry.sessionCount).toBe(6);
    await supervisor.close();
  });

  it("S1.10 a call that was refused leaves its key free", async () => {
    const supervisor = await open();
    const fields = { path: join(root, "later"), onConflict: "keep" } as const;
    await expect(importSessions(supervisor, fields, CALL)).rejects.toThrow("does not exist");
    await mkdir(fields.path);
    await writeFile(join(fields.path, "session_a.json"), JSON.stringify({ ...SESSION, session_id: "a" }));
    expect((await importSessions(supervisor, fields, CALL)).imported).toEqual([{ sessionId: "a" }]);
    await supervisor.close();
  });

  it("S1.10 says of each that a limit keeps out, and takes what fits", async () => {
    const supervisor = await open(2);
    const path = await folderOf("a", "b", "c", "d");
    const { imported, skipped, seq } = await importSessions(
      supervisor,
      { path, onConflict: "keep" },
      undefined,
    );
    expect([imported.map(({ sessionId }) => sessionId), seq]).toEqual([["a", "b"], 2]);
    expect(skipped).toEqual(
      ["c", "d"].map((id) => ({
        file: `session_${id}.json`,
        reason: "There are 2 sessions, and no more than 2 are allowed.",
      })),
    );
    await supervisor.close();
  });

  it("S1.10 ends where the journal takes no writes, and nothing is half there", async () => {
    const supervisor = await open();
    await supervisor.journal.close();
    const call = importSessions(
      supervisor,
      { path: await folderOf("a", "b", "c"), onConflict: "keep" },
      undefined,
    );
    await expect(call).rejects.toBeInstanceOf(Error);
    expect(supervisor.registry.committedSessions.size).toBe(0);
  });

  it("S1.10 takes the next free id, also one that just fits, and no session twice", async () => {
    const supervisor = await open();
    const long = "x".repeat(LIMITS.idLength);
    const path = await folderOf("a", "a-2", long);
    const keep = { path, onConflict: "keep" } as const;
    await importSessions(supervisor, keep, undefined);
    await writeFile(join(path, "archive", "session_a.json"), JSON.stringify({ ...SESSION, session_id: "a" }));
    const { imported, skipped } = await importSessions(supervisor, { path, onConflict: "rename" }, undefined);
    expect(imported).toEqual([
      { sessionId: "a-2-2", renamedFrom: "a-2" },
      { sessionId: "a-3", renamedFrom: "a" },
      { sessionId: `${long.slice(2)}-2`, renamedFrom: long },
    ]);
    expect(skipped).toEqual([
      { file: "archive/session_a.json", reason: 'session_id: "a" was in another file' },
    ]);
    expect((await importSessions(supervisor, keep, undefined)).skipped).toHaveLength(4);
    await supervisor.close();
  });

  it("S1.10 takes no id for free that is another's in the same folder", async () => {
    const supervisor = await open();
    await importSessions(supervisor, { path: await folderOf("a"), onConflict: "keep" }, undefined);
    const path = await folderOf("a-2", "a");
    const { imported } = await importSessions(supervisor, { path, onConflict: "rename" }, undefined);
    expect(imported).toEqual([{ sessionId: "a-2" }, { sessionId: "a-3", renamedFrom: "a" }]);
    await supervisor.close();
  });

  it("S1.10 refuses a path or a conflict before anything is done", async () => {
    const supervisor = await open();
    const path = await folderOf(...Array.from({ length: 12 }, (_, index) => `c${index}`));
    await importSessions(supervisor, { path, onConflict: "refuse" }, undefined);
    await symlink(path, join(root, "link"));
    const single = join(root, "single.json");
    await writeFile(single, JSON.stringify({ ...SESSION, session_id: "c1" }));
    await mkdir(join(root, "broken"));
    await writeFile(join(root, "broken", "session_x.json"), "{}");
    await writeFile(join(root, "broken", "registry.json"), "{");
    for (const [given, message] of [
      [path, 'already: "c0", "c1", "c10", "c11", "c2", "c3", "c4", "c5", "c6", "c7" and 2 more.'],
      [single, 'already: "c1". Nothing was imported.'],
      [join(root, "none"), "does not exist."],
      [join(root, "single.json", "below"), "does not exist."],
      [join(root, "link"), "is a symbolic link"],
      ["/dev/null", "is neither a folder nor a file."],
      [await folderOf(), "holds no file named session_<id>.json."],
      [join(root, "broken"), "registry.json cannot be used: line 1: it is not JSON"],
    ] as const) {
      const call = importSessions(supervisor, { path: given, onConflict: "refuse" }, undefined);
      await expect(call, given).rejects.toThrow(message);
      await expect(call).rejects.toBeInstanceOf(RefusalError);
    }
    expect(supervisor.registry.sessionCount).toBe(12);
    await supervisor.close();
  });

  it("S1.10 goes by the registry for what is archived, and by the archive it lies in", async () => {
    const supervisor = await open();
    const path = await folderOf("a", "b");
    const entry = { created_at: SESSION.created_at, timeout_seconds: 1 };
    const sessions = { a: { ...entry, status: "archived" }, b: { ...entry, status: "active" } };
    await writeFile(join(path, "registry.json"), JSON.stringify({ sessions }));
    await mkdir(join(root, "archive"));
    const single = join(root, "archive", "old.json");
    await writeFile(single, JSON.stringify({ ...SESSION, session_id: "c" }));
    await importSessions(supervisor, { path, onConflict: "refuse" }, undefined);
    await importSessions(supervisor, { path: single, onConflict: "refuse" }, undefined);
    const archived = ["a", "b", "c"].map((id) => supervisor.session(id).archivedAt !== undefined);
    expect(archived).toEqual([true, false, true]);
    await supervisor.close();
  });

  it("S1.10 takes so many files at a time, and no more", async () => {
    const supervisor = await open();
    const path = join(root, "many");
    await mkdir(path);
    const names = Array.from({ length: LIMITS.importFiles + 1 }, (_, index) =>
      join(path, `session_${index}.json`),
    );
    for (let at = 0; at < names.length; at += 500) {
      await Promise.all(names.slice(at, at + 500).map((name) => writeFile(name, "")));
    }
    const call = importSessions(supervisor, { path, onConflict: "refuse" }, undefined);
    await expect(call).rejects.toMatchObject({
      refusal: { details: { limit: "importFiles", bound: 10_000 } },
    });
    await supervisor.close();
  });
});
