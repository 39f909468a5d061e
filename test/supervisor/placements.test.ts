import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { stageCheckpoint } from "../../src/content/checkpointFile.js";
import { FileBodies } from "../../src/content/fileBodies.js";
import { PlainFiles } from "../../src/content/plainFiles.js";
import { valueOf } from "../../src/session/checkpoint.js";
import { type Event, stagedBy } from "../../src/session/events.js";
import { Bodies } from "../../src/supervisor/bodies.js";
import { Checkpoints } from "../../src/supervisor/checkpoints.js";
import { ContentHold } from "../../src/supervisor/contentHold.js";
import { Outputs } from "../../src/supervisor/outputs.js";
import { Placements } from "../../src/supervisor/placements.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";
import { create, session } from "../session/samples.js";

const newFolder = temporaryFolders();
const OWNER = session({ sessionId: "s", createdSeq: 7 });

let contentDir: string;
let checkpointsDir: string;
let store: FileBodies;
let told: string[];
let placements: Placements;
beforeEach(async () => {
  contentDir = join(await newFolder(), "content");
  checkpointsDir = join(await newFolder(), "checkpoints");
  await mkdir(contentDir);
  await mkdir(checkpointsDir);
  store = new FileBodies(contentDir);
  told = [];
  placements = open();
});

function open(): Placements {
  return new Placements({ store, checkpointsDir, log: { warn: (_, message) => void told.push(message) } });
}

const CHECKPOINT = { checkpointId: "k", seq: -3, at: 5, value: { name: "n" } };

async function staged(): Promise<Event> {
  const folder = await store.stage();
  await stageCheckpoint(checkpointsDir, folder.token, CHECKPOINT);
  await folder.add("activities", { seq: -1, at: 1, action: "there" } as { readonly seq: number });
  await folder.seal();
  const { type: _, sessionId: __, ...fields } = create();
  return {
    type: "session/cloned",
    sessionId: "s",
    data: { ...fields, brought: { staged: folder.token, history: {} } },
  };
}

const ENTRY = {
  label: undefined,
  automatic: false,
  at: 5,
  status: "active",
  messages: 0,
  sizeBytes: 1,
} as const;
const PAGE = { order: "oldest", limit: 10 } as const;

describe("placements", () => {
  it("S2.2 put a folder in its place in the very turn, and are settled when that is durable", async () => {
    const event = await staged();
    expect(placements.isSettled).toBe(true);
    placements.place(event, 7);
    expect(await readdir(contentDir)).toContain("s~7");
    expect(placements.isSettled).toBe(false);
    await placements.settle();
    expect([placements.isSettled, told]).toEqual([true, []]);
    const { items } = await new Bodies({ store, placements }).read(OWNER, "activities", PAGE);
    expect(items).toEqual([{ seq: -1, at: 1, action: "there" }]);
  });

  it.each([[[]], [["content"]], [["content", "checkpoints"]]] as const)(
    "S2.2 bring to its end what an earlier daemon had come to when it was killed: %j",
    async (moved: readonly string[]) => {
      const event = await staged();
      const staging = [".staged", stagedBy(event) ?? ""] as const;
      if (moved.includes("content")) await rename(join(contentDir, ...staging), join(contentDir, "s~7"));
      if (moved.includes("checkpoints"))
        await rename(join(checkpointsDir, ...staging), join(checkpointsDir, "session_s~7"));
      // The second time is a start after one that was killed in its turn.
      for (const start of [open(), open()]) {
        start.place(event, 7);
        await start.begin();
        expect(start.isSettled).toBe(true);
      }
      const names = async (folder: string): Promise<string[]> =>
        (await readdir(folder, { recursive: true })).sort();
      expect(await names(contentDir)).toEqual([".staged", "s~7", "s~7/activities.jsonl"]);
      expect(await names(checkpointsDir)).toEqual([".staged", "session_s~7", "session_s~7/k.json"]);
      expect(told).toEqual([]);
    },
  );

  it("S2.2 remove what no record names: bodies and checkpoints", async () => {
    await staged();
    await open().begin();
    expect(await readdir(join(contentDir, ".staged"))).toEqual([]);
    expect(await readdir(join(checkpointsDir, ".staged"))).toEqual([]);
  });

  it("S2.2 keep a checkpoint from being read or written before those that came along are there", async () => {
    const event = await staged();
    await mkdir(join(checkpointsDir, "session_s~7", "in the way"), { recursive: true });
    placements.place(event, 7);
    const hold = new ContentHold();
    const checkpoints = new Checkpoints({ checkpointsDir, hold, placements, log: { warn: () => {} } });
    const wanted = { ...CHECKPOINT, staged: stagedBy(event) };
    await expect(checkpoints.read(OWNER, wanted)).rejects.toThrow(/ENOTEMPTY|EEXIST/);
    const made = session({ ...OWNER, checkpoints: [{ ...ENTRY, checkpointId: "l", seq: 9 }] });
    checkpoints.add(made, "l", valueOf(made));
    await expect(checkpoints.save()).rejects.toThrow(/ENOTEMPTY|EEXIST/);
    await rm(join(checkpointsDir, "session_s~7"), { recursive: true });
    await checkpoints.save();
    expect(await checkpoints.read(OWNER, wanted)).toEqual({ value: { name: "n" } });
    expect(await checkpoints.read(OWNER, { ...wanted, staged: "0".repeat(32) })).toEqual({
      fault: "its file is that of another checkpoint",
    });
  });

  it("S2.2 are not settled before another one that came meanwhile is durable too", async () => {
    placements.place(await staged(), 7);
    const second = await staged();
    const settling = placements.settle();
    placements.place(second, 8);
    await settling;
    expect(placements.isSettled).toBe(true);
  });

  it("have nothing to do with what brought nothing along", () => {
    const { type: _, sessionId: __, ...data } = create();
    placements.place({ type: "session/created", sessionId: "s", data }, 7);
    placements.place({ type: "session/cloned", sessionId: "s", data }, 8);
    expect(placements.isSettled).toBe(true);
  });

  it("S2.2 let nobody read or write before a folder is there that could not be moved at first", async () => {
    const event = await staged();
    await mkdir(join(contentDir, "s~7"));
    await writeFile(join(contentDir, "s~7", "in the way"), "");
    placements.place(event, 7);
    expect(told).toEqual(["What a new session brought along cannot be put in its place yet"]);
    const bodies = new Bodies({ store, placements });
    const outputs = new Outputs(contentDir, new ContentHold(), new PlainFiles(), placements);
    bodies.add(OWNER, { kind: "activities", body: { seq: 9, at: 2, action: "later" } }, 0);
    for (const attempt of [
      () => bodies.read(OWNER, "activities", PAGE),
      () => bodies.savedBytes(OWNER, "activities", 9),
      () => bodies.find(OWNER, "activities", () => true),
      () => bodies.save(),
      () => outputs.prepare(OWNER, { commandId: "c", mergeStderr: undefined }),
      () => placements.settle(),
    ])
      await expect(attempt()).rejects.toThrow(/ENOTEMPTY|EEXIST/);
    await rm(join(contentDir, "s~7"), { recursive: true });
    await bodies.save();
    const { items } = await bodies.read(OWNER, "activities", PAGE);
    expect(items).toMatchObject([{ action: "there" }, { action: "later" }]);
  });

  it("S2.2 forget what was deleted, and a start removes what is left of it", async () => {
    const event = await staged();
    await mkdir(join(contentDir, "s~7", "in the way"), { recursive: true });
    placements.place(event, 7);
    await new Bodies({ store, placements }).remove(OWNER);
    await placements.settle();
    await placements.begin();
    expect(await readdir(join(contentDir, ".staged"))).toEqual([]);
  });

  it("S2.2 remove nothing at a start that could not put everything in its place", async () => {
    placements.place(await staged(), 7);
    const token = "ab".repeat(16);
    await rename(join(contentDir, "s~7"), join(contentDir, ".staged", token));
    await mkdir(join(contentDir, "s~7", "in the way"), { recursive: true });
    const event = { ...(await staged()) };
    placements.place(event, 7);
    await placements.begin();
    expect(told.at(-1)).toBe("What was staged for new sessions could not be put in its place");
    expect(await readdir(join(contentDir, ".staged"))).toHaveLength(2);
  });

  it("S2.2 are not settled where a folder cannot be synced", async () => {
    placements.place(await staged(), 7);
    await rename(contentDir, `${contentDir}-away`);
    await expect(placements.settle()).rejects.toThrow("ENOENT");
    expect(placements.isSettled).toBe(false);
    await rename(`${contentDir}-away`, contentDir);
    await placements.settle();
    expect(placements.isSettled).toBe(true);
  });
});
