import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { checkpointPath } from "../../src/content/checkpointFile.js";
import { valueOf } from "../../src/session/checkpoint.js";
import type { CheckpointEntry, Session } from "../../src/session/state.js";
import { Checkpoints } from "../../src/supervisor/checkpoints.js";
import { ContentHold } from "../../src/supervisor/contentHold.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";
import { session } from "../session/samples.js";
import { until } from "../support/until.js";

const newFolder = temporaryFolders();
let checkpointsDir: string;
let hold: ContentHold;
let warned: string[];
let checkpoints: Checkpoints;

beforeEach(async () => {
  checkpointsDir = await newFolder();
  hold = new ContentHold();
  warned = [];
  checkpoints = open();
  checkpoints.begin();
});

function open(): Checkpoints {
  return new Checkpoints({
    checkpointsDir,
    hold,
    log: { warn: (_, message) => void warned.push(message) },
  });
}

function entry(checkpointId: string, sizeBytes = 10): CheckpointEntry {
  const made = { label: undefined, automatic: false, at: 5, seq: 7, status: "active", messages: 0 } as const;
  return { ...made, checkpointId, sizeBytes };
}

const owner = session({ name: "n", checkpoints: [entry("k"), entry("l"), entry("big", 9 * 1024 * 1024)] });
const value = valueOf(owner);

function created(id: string, of: Session = owner, store = checkpoints): void {
  const data = { checkpointId: id, label: undefined, automatic: false, sizeBytes: 10, value };
  store.follow(of, { type: "checkpoint/created", sessionId: "s", data });
}

function deleted(id: string, store = checkpoints): void {
  store.follow(owner, { type: "checkpoint/deleted", sessionId: "s", data: { checkpointId: id } });
}

function read(id: string): Promise<object> {
  return checkpoints.read(owner, entry(id));
}

async function files(): Promise<string[]> {
  return (await readdir(checkpointsDir, { recursive: true })).filter((name) => name.endsWith(".json")).sort();
}

describe("what a checkpoint keeps", () => {
  it("is in memory until it is in its file, and read from there after it", async () => {
    created("k");
    expect(checkpoints.entries()).toEqual([{ sessionId: "s", checkpointId: "k", value }]);
    expect([checkpoints.isUnsaved(owner, "k"), checkpoints.isUnsaved(owner, "l")]).toEqual([true, false]);
    expect(await read("k")).toHaveProperty("value", value);
    await checkpoints.saveDue();
    expect(checkpoints.entries()).toEqual([]);
    expect(checkpoints.saveDue()).toBeUndefined();
    expect(await files()).toEqual(["session_s~1/k.json"]);
    expect(await read("k")).toEqual({ value: JSON.parse(JSON.stringify(value)) as object });
    await rm(checkpointPath(checkpointsDir, owner, "k"));
    expect(await read("k")).toEqual({ fault: "its file is missing" });
  });

  it("is saved at once where it is much", async () => {
    created("k");
    expect(checkpoints.saveIfFull()).toBeUndefined();
    created("big");
    await checkpoints.saveIfFull();
    expect(await files()).toEqual(["session_s~1/big.json", "session_s~1/k.json"]);
    expect(checkpoints.saveIfFull()).toBeUndefined();
  });

  it("is nobody's whose session does not have it", () => {
    created("unknown");
    expect(checkpoints.entries()).toEqual([]);
  });

  it("stays in memory where it cannot be saved, and holds up no other", async () => {
    await writeFile(join(checkpointsDir, "session_s~1"), "in the way");
    const other = session({ sessionId: "t", checkpoints: [entry("k")] });
    created("k");
    created("k", other);
    await checkpoints.saveDue();
    expect(warned).toHaveLength(1);
    expect(await files()).toEqual(["session_t~1/k.json"]);
    expect(checkpoints.entries()).toMatchObject([{ sessionId: "s" }]);
    // After a failure not at once again, unless somebody asks for it.
    expect(checkpoints.saveDue()).toBeUndefined();
    await expect(checkpoints.save()).rejects.toThrow("session_s~1");
    await checkpoints.close(1_000);
    expect(warned.at(-1)).toBe("Checkpoints could not be saved; the journal still has them");
    await rm(join(checkpointsDir, "session_s~1"));
    await checkpoints.save();
    expect(checkpoints.entries()).toEqual([]);
  });

  it("is left in the journal where a stop has no time", async () => {
    created("k");
    await checkpoints.close(-1);
    expect(checkpoints.entries()).toHaveLength(1);
    expect(await files()).toEqual([]);
  });
});

describe("a checkpoint that is deleted", () => {
  it("is gone, saved or not, also while it is being saved", async () => {
    created("k");
    await checkpoints.save();
    created("l");
    const saving = checkpoints.save();
    deleted("k");
    deleted("l");
    await saving;
    await checkpoints.close(1_000);
    expect(checkpoints.entries()).toEqual([]);
    expect(await files()).toEqual([]);
  });

  it("takes its file along when its session is deleted, and waits for a copy of it", async () => {
    created("k");
    await checkpoints.save();
    created("l");
    let release = (): void => undefined;
    const held = hold.during(() => new Promise<void>((resolve) => (release = resolve)));
    checkpoints.dropAll(owner);
    await checkpoints.save();
    expect(await files()).toEqual(["session_s~1/k.json"]);
    release();
    await held;
    await until("the folder to go", async () => (await readdir(checkpointsDir)).length === 0);
  });

  it("is told of where its file cannot be removed", async () => {
    await mkdir(checkpointPath(checkpointsDir, owner, "k"), { recursive: true });
    deleted("k");
    await until("the warning", () => warned.length > 0);
    expect(warned).toEqual(["A deleted checkpoint cannot be removed from the disk"]);
  });
});

describe("what a replay saw go", () => {
  it("is removed when the start is over, and nothing else", async () => {
    created("k");
    created("l");
    await checkpoints.save();
    const next = open();
    deleted("k", next);
    next.dropAll(session({ sessionId: "never", createdSeq: 3 }));
    expect(await files()).toHaveLength(2);
    next.begin();
    await until("the file to go", async () => (await files()).length === 1);
    expect(await files()).toEqual(["session_s~1/l.json"]);
    await next.close(0);
    expect(warned).toEqual([]);
  });

  it("waits for the next start where this one stops, or the folder cannot be looked at", async () => {
    created("k");
    await checkpoints.save();
    const next = open();
    deleted("k", next);
    next.begin();
    await next.close(0);
    expect(await files()).toEqual(["session_s~1/k.json"]);
    await rm(checkpointsDir, { recursive: true });
    const third = open();
    deleted("k", third);
    third.begin();
    await third.close(0);
    expect(warned).toEqual(["The folder of checkpoints could not be looked at"]);
    await mkdir(checkpointsDir);
  });
});
