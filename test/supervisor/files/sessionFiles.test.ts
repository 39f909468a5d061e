import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import type { FolderOwner } from "../../../src/content/places.js";
import { SessionFolder } from "../../../src/content/sessionFolder.js";
import type { Event } from "../../../src/session/events.js";
import type { Session } from "../../../src/session/state.js";
import type { Bodies } from "../../../src/supervisor/bodies.js";
import { SessionFiles } from "../../../src/supervisor/files/sessionFiles.js";
import type { Committed } from "../../../src/supervisor/ledger.js";
import { temporaryFolders } from "../../disk/temporaryFolder.js";
import { session } from "../../session/samples.js";

const newFolder = temporaryFolders();

let path: string;
let sessions: Map<string, Session>;
let logged: string[];
let upMs: number;
let reads: (() => void) | undefined;

beforeEach(async () => {
  path = join(await newFolder(), "sessions");
  sessions = new Map();
  logged = [];
  upMs = 0;
  reads = undefined;
});

async function open(deleted: readonly FolderOwner[] = []): Promise<SessionFiles> {
  const log = (fields: object): void => void logged.push((fields as { event: string }).event);
  return new SessionFiles({
    folder: await SessionFolder.open(path),
    sessions,
    committedSeq: () => 10,
    deleted,
    bodies: {
      read: (() => {
        reads?.();
        return Promise.resolve({ items: [{ seq: 2, at: 5, action: "a" }], next: undefined });
      }) as Bodies["read"],
    },
    clock: { nowMs: () => 1_000, upMs: () => upMs },
    log: { debug: log, info: log, warn: log, error: log },
    autoSaveIntervalMs: 5_000,
    contentDir: join(path, "content"),
    invocationIdsOf: () => [],
  });
}

/** A record that is durable, and what it made of a session; undefined is its deletion. */
function committed(type: Event["type"], sessionId: string, after: Session | undefined): Committed {
  const removed = after === undefined ? [sessions.get(sessionId)].filter((was) => was !== undefined) : [];
  if (after === undefined) sessions.delete(sessionId);
  else sessions.set(sessionId, after);
  const changes = {
    sessions: [{ slot: { key: sessionId }, value: after }],
    removed,
  } as unknown as Committed["changes"];
  const events = [{ type, sessionId, data: {} }] as unknown as readonly Event[];
  return { events, changes, stamp: { seq: 1, at: 1, up: 1 } };
}

const read = async (name: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(path, name), "utf8")) as Record<string, unknown>;

describe("the files of sessions", () => {
  it("S1.5 are written when they are due, the registry by itself and only for what it says", async () => {
    const files = await open();
    files.note(committed("session/created", "s", session()));
    await files.save(4_999);
    expect(await readdir(path)).toEqual(["archive"]);
    await files.save(5_000);
    expect((await readdir(path)).toSorted()).toEqual(["archive", "registry.json", "session_s.json"]);
    const before = await stat(join(path, "registry.json"));
    upMs = 10_000;
    for (const type of ["metadata/set", "activity/recorded", "session/touched", "command/ended"] as const) {
      files.note(committed(type, "s", session({ activities: 1 })));
    }
    await files.save(30_000);
    expect((await stat(join(path, "registry.json"))).ino).toBe(before.ino);
    expect(await read("session_s.json")).toMatchObject({
      activity_count: 1,
      activity_log: [{ action: "a" }],
    });
    files.note(committed("session/paused", "s", session({ status: "paused" })));
    await files.save(60_000);
    expect(await read("registry.json")).toMatchObject({ sessions: { s: { status: "paused" } } });
    files.note(committed("session/deleted", "s", undefined));
    await files.save(90_000);
    expect((await readdir(path)).toSorted()).toEqual(["archive", "registry.json"]);
    expect(await read("registry.json")).toEqual({ sessions: {} });
  });

  it("S1.5 come again when the session changed while it was written", async () => {
    const files = await open();
    files.note(committed("activity/recorded", "s", session({ activities: 1 })));
    reads = () => {
      reads = undefined;
      files.note(committed("activity/recorded", "s", session({ activities: 2 })));
    };
    await files.save();
    expect(await read("session_s.json")).toMatchObject({ activity_count: 1 });
    await files.save();
    expect(await read("session_s.json")).toMatchObject({ activity_count: 2 });
  });

  it("S1.5 one that cannot be written holds up no other, is told of once, and is tried again", async () => {
    const files = await open();
    const fail = (): never => {
      throw new Error("EIO");
    };
    reads = fail;
    files.note(committed("activity/recorded", "bad", session({ sessionId: "bad", activities: 1 })));
    files.note(committed("metadata/set", "good", session({ sessionId: "good" })));
    await files.save(10_000);
    await files.save(20_000);
    expect(await readdir(path)).toContain("session_good.json");
    expect(logged).toEqual(["files.unsaved"]);
    reads = undefined;
    await files.save(30_000);
    expect(await readdir(path)).toContain("session_bad.json");
    expect(logged).toEqual(["files.unsaved", "files.saved"]);
  });

  it("S1.5 a folder that is gone is told of once, and made up for, the registry too", async () => {
    const files = await open();
    await rename(path, `${path}-away`);
    files.note(committed("session/created", "s", session()));
    for (const now of [10_000, 20_000, 30_000]) await files.save(now);
    expect(logged).toEqual(["files.unsaved"]);
    await rename(`${path}-away`, path);
    await files.save(40_000);
    expect((await readdir(path)).toSorted()).toEqual(["archive", "registry.json", "session_s.json"]);
    expect(logged).toEqual(["files.unsaved", "files.saved"]);
  });

  it("S1.8 that were damaged meanwhile are set aside, and told of, before they are written anew", async () => {
    const files = await open();
    files.note(committed("session/created", "s", session()));
    await files.save();
    for (const name of ["session_s.json", "registry.json"]) await writeFile(join(path, name), "damaged");
    files.note(committed("session/paused", "s", session({ status: "paused" })));
    await files.save();
    expect(logged).toEqual(["files.damaged", "files.damaged"]);
    expect(await read("session_s.json")).toMatchObject({ status: "paused" });
    expect(await read("registry.json")).toMatchObject({ sessions: { s: { status: "paused" } } });
    const aside = (await readdir(path)).filter((name) => name.includes(".damaged-"));
    for (const name of aside) expect(await readFile(join(path, name), "utf8")).toBe("damaged");
    expect(aside).toHaveLength(2);
  });

  it("S1.5 are all written by a close, as far as its patience goes", async () => {
    const files = await open();
    for (const sessionId of ["a", "b"])
      files.note(committed("session/created", sessionId, session({ sessionId })));
    await files.close(60_000);
    expect((await readdir(path)).toSorted()).toEqual([
      "archive",
      "registry.json",
      "session_a.json",
      "session_b.json",
    ]);
    const impatient = await open();
    impatient.note(committed("metadata/set", "a", session({ sessionId: "a", status: "paused" })));
    await impatient.close(-1);
    expect(await read("session_a.json")).toMatchObject({ status: "active" });
    expect(logged).toEqual(["files.left"]);
  });
});

describe("the look at the start", () => {
  async function look(deleted?: readonly FolderOwner[]): Promise<void> {
    const files = await open(deleted);
    files.begin();
    await files.looked;
    await files.close(60_000);
  }

  it("S1.5 writes what is missing or behind, and leaves what is right as it is", async () => {
    for (const sessionId of ["right", "behind", "missing"]) sessions.set(sessionId, session({ sessionId }));
    await look();
    const inode = async (name: string): Promise<number> => (await stat(join(path, name))).ino;
    const before = await inode("session_right.json");
    sessions.set("behind", session({ sessionId: "behind", status: "paused" }));
    await rm(join(path, "session_missing.json"));
    await look();
    expect(await inode("session_right.json")).toBe(before);
    expect(await read("session_behind.json")).toMatchObject({ status: "paused" });
    expect(await read("session_missing.json")).toMatchObject({ session_id: "missing" });
    expect(logged).toEqual([]);
  });

  it("S1.5 ends what a kill left between two shelves", async () => {
    sessions.set("s", session());
    await look();
    const plain = await readFile(join(path, "session_s.json"));
    sessions.set("s", session({ status: "completed", endedAt: 1, archivedAt: 2 }));
    await look();
    expect(await readdir(path)).not.toContain("session_s.json");
    await writeFile(join(path, "session_s.json"), plain);
    await look();
    expect(await readdir(path)).not.toContain("session_s.json");
    expect(await readdir(join(path, "archive"))).toEqual(["session_s.json.gz"]);
  });

  it("S1.8 sets damage aside and makes it good; what was never this daemon's is kept as well", async () => {
    sessions.set("s", session());
    await mkdir(path, { mode: 0o700 });
    await writeFile(join(path, "session_s.json"), '{"session_id":"s","status":"active"}');
    await writeFile(join(path, "session_t.json"), "damaged");
    await writeFile(join(path, "registry.json"), "damaged");
    await look();
    expect(logged).toEqual(["files.damaged", "files.damaged", "files.damaged"]);
    expect(await read("session_s.json")).toMatchObject({ created_seq: 1 });
    const aside = (await readdir(path)).filter((name) => name.includes(".damaged-1970-01-01T00-00-01.000Z"));
    const originals = aside.map((name) => name.replace(/\.damaged-.*/, ""));
    expect(originals.toSorted()).toEqual(["registry.json", "session_s.json", "session_t.json"]);
  });

  it("S1.5 removes what a deleted session left, and nothing that may be the last of its kind", async () => {
    sessions.set("s", session());
    for (const sessionId of ["kept", "other"]) sessions.set(sessionId, session({ sessionId, createdSeq: 5 }));
    await look();
    await writeFile(join(path, "session_foreign.json"), '{"session_id":"foreign"}');
    await writeFile(join(path, "notes.json"), "mine");
    sessions.clear();
    // Of the others this journal knows nothing, or of another session of the id: it may have begun anew since.
    await look([
      { sessionId: "s", createdSeq: 1 },
      { sessionId: "other", createdSeq: 6 },
    ]);
    expect((await readdir(path)).toSorted()).toEqual([
      "archive",
      "notes.json",
      "registry.json",
      "session_foreign.json",
      "session_kept.json",
      "session_other.json",
    ]);
    expect(logged).toEqual(["files.stray", "files.stray", "files.stray"]);
  });

  it("S1.5 knows what is deleted while it goes on", async () => {
    for (const sessionId of ["a", "b"]) sessions.set(sessionId, session({ sessionId }));
    await look();
    const files = await open();
    files.begin();
    files.note(committed("session/deleted", "a", undefined));
    await files.looked;
    await files.close(60_000);
    expect(await readdir(path)).not.toContain("session_a.json");
    expect(logged).toEqual([]);
  });

  it("S1.5 S1.8 what belongs to no session is not written over by another one of its id", async () => {
    for (const sessionId of ["again", "gone", "taken"]) sessions.set(sessionId, session({ sessionId }));
    await look();
    const before = await readFile(join(path, "session_again.json"), "utf8");
    sessions.clear();
    const files = await open();
    files.begin();
    await files.looked;
    logged = [];
    const again = session({ sessionId: "again", createdSeq: 11, createdAt: 77_000 });
    files.note(committed("session/created", "again", again));
    // An import has the time of its file.
    const { createdAt } = session();
    const taken = session({ sessionId: "taken", createdSeq: 12, createdAt });
    files.note(committed("session/imported", "taken", taken));
    // It came and went before it had a file of its own.
    files.note(committed("session/deleted", "gone", undefined));
    await files.close(60_000);
    const aside = (await readdir(path)).filter((name) => name.includes(".damaged-"));
    expect(aside).toEqual(["session_again.json.damaged-1970-01-01T00-00-01.000Z"]);
    expect(await readFile(join(path, aside[0] ?? ""), "utf8")).toBe(before);
    expect(logged).toEqual(["files.damaged"]);
    expect(await read("session_again.json")).toMatchObject({ created_seq: 11 });
    expect(await read("session_taken.json")).toMatchObject({ created_seq: 12 });
    expect(await read("session_gone.json")).toMatchObject({ created_seq: 1 });
  });

  it("is told of where it cannot be done, and keeps nobody from the rest", async () => {
    const files = await open();
    await rm(path, { recursive: true });
    files.begin();
    await files.looked;
    expect(logged).toEqual(["files.unchecked"]);
  });
});
