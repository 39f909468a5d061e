import { mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import {
  checkpointPath,
  readCheckpoint,
  removeCheckpoint,
  removeCheckpoints,
  withCheckpoints,
  writeCheckpoint,
} from "../../src/content/checkpointFile.js";
import { checkedLine } from "../../src/disk/checkedLine.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();
const owner = { sessionId: "s", createdSeq: 1 };
const one = { checkpointId: "k", seq: 7, at: 5, value: { name: "ünï", metadata: { a: [1] } } };
let dir: string;
let path: string;

beforeEach(async () => {
  dir = await newFolder();
  path = checkpointPath(dir, owner, one.checkpointId);
});

describe("a checkpoint's file", () => {
  it("gives back what was written, and is the user's alone", async () => {
    await writeCheckpoint(dir, owner, one);
    expect(path).toBe(join(dir, "session_s~1", "k.json"));
    expect(await readCheckpoint(dir, owner, one)).toEqual({ value: one.value });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
    expect(await readdir(dirname(path))).toEqual(["k.json"]);
  });

  it("is replaced when it is written once more", async () => {
    await mkdir(dirname(path), { mode: 0o700 });
    await writeFile(path, "half of it");
    await writeCheckpoint(dir, owner, one);
    expect(await readCheckpoint(dir, owner, one)).toEqual({ value: one.value });
  });

  it("is left as it is when it is written once more, and is this very one", async () => {
    await writeCheckpoint(dir, owner, one);
    const { ino } = await stat(path);
    await writeCheckpoint(dir, owner, one);
    expect((await stat(path)).ino).toBe(ino);
    const later = { ...one, seq: one.seq + 1 };
    await writeCheckpoint(dir, owner, later);
    expect(await readCheckpoint(dir, owner, later)).toEqual({ value: one.value });
  });

  it("is damaged by every bit that changes, and wherever it is cut", async () => {
    await writeCheckpoint(dir, owner, one);
    const whole = await readFile(path);
    const damaged = { fault: "its file fails its checksum" };
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await writeFile(path, bytes);
      expect(await readCheckpoint(dir, owner, one), `bit ${bit}`).toEqual(damaged);
    }
    for (let length = 0; length < whole.length; length += 1) {
      await writeFile(path, whole.subarray(0, length));
      expect(await readCheckpoint(dir, owner, one), `${length} bytes`).toEqual(damaged);
    }
  });

  it("is not taken for another one's", async () => {
    await writeCheckpoint(dir, owner, one);
    const stranger = { fault: "its file is that of another checkpoint" };
    expect(await readCheckpoint(dir, owner, { ...one, seq: 8 })).toEqual(stranger);
    const other = { sessionId: "t", createdSeq: 1 };
    await mkdir(dirname(checkpointPath(dir, other, "k")));
    await writeFile(checkpointPath(dir, other, "k"), await readFile(path));
    expect(await readCheckpoint(dir, other, one)).toEqual(stranger);
  });

  it("of another version says so", async () => {
    await mkdir(dirname(path));
    await writeFile(path, checkedLine({ format: "sessiond-checkpoint", version: 2 }, 0).line);
    expect(await readCheckpoint(dir, owner, one)).toEqual({
      fault: "its file has format sessiond-checkpoint 2, and this sessiond knows sessiond-checkpoint 1",
    });
  });

  it("says what lies there instead", async () => {
    expect(await readCheckpoint(dir, owner, one)).toEqual({ fault: "its file is missing" });
    await mkdir(path, { recursive: true });
    expect(await readCheckpoint(dir, owner, one)).toEqual({ fault: "where its file was: it is not a file" });
    await rm(path, { recursive: true });
    await symlink("/etc/hostname", path);
    expect(await readCheckpoint(dir, owner, one)).toEqual({
      fault: "where its file was: it is a symbolic link",
    });
    await rm(path);
    await writeFile(path, "");
    await truncate(path, 17 * 1024 * 1024);
    expect(await readCheckpoint(dir, owner, one)).toHaveProperty("fault");
  });

  it("throws what may pass", async () => {
    const name = "x".repeat(300);
    await expect(readCheckpoint(dir, { ...owner, sessionId: name }, one)).rejects.toThrow("ENAMETOOLONG");
  });
});

describe("checkpoints that go", () => {
  it("are removed one by one, or with their session, and no others", async () => {
    const namesake = { sessionId: "s", createdSeq: 12 };
    for (const each of [owner, namesake]) {
      await writeCheckpoint(dir, each, one);
      await writeCheckpoint(dir, each, { ...one, checkpointId: "l" });
    }
    expect(await withCheckpoints(dir, [owner, { sessionId: "s", createdSeq: 2 }])).toEqual(new Set([owner]));
    await removeCheckpoint(dir, owner, "k");
    await removeCheckpoint(dir, owner, "k");
    expect((await readdir(dir, { recursive: true })).sort()).toEqual([
      "session_s~1",
      "session_s~1/l.json",
      "session_s~12",
      "session_s~12/k.json",
      "session_s~12/l.json",
    ]);
    await removeCheckpoints(dir, owner);
    await removeCheckpoints(dir, owner);
    expect(await readdir(dir)).toEqual(["session_s~12"]);
    expect(await withCheckpoints(join(dir, "missing"), [])).toEqual(new Set());
  });
});
