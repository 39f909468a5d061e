import { cpSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { diskOperations } from "../../src/disk/operations.js";
import type { Supervisor } from "../../src/supervisor/supervisor.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";
import { all, COMPRESSED, files, fill, shelve, WHOLE } from "./archived.js";
import { openSupervisor } from "./backup/supervisors.js";

/** The disk as it is, whatever a test makes of it. */
const real = { ...diskOperations };
const newFolder = temporaryFolders();
const opened: Supervisor[] = [];
let root: string;
let dataDir: string;
beforeEach(async () => {
  root = await newFolder();
  dataDir = join(root, "data");
  await mkdir(dataDir, { mode: 0o700 });
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const supervisor of opened.splice(0)) await supervisor.close();
});

async function open(folder = dataDir): Promise<Supervisor> {
  const supervisor = await openSupervisor(folder);
  opened.push(supervisor);
  return supervisor;
}

describe("a crash", () => {
  /** Copies of the data folder as kill -9 leaves it, before each call of the disk that changes something there. */
  function images(work: string): { readonly taken: string[] } {
    const taken: string[] = [];
    for (const call of ["open", "write", "fsync", "rename", "unlink"] as const) {
      vi.spyOn(diskOperations, call).mockImplementation(async (...args: unknown[]) => {
        const isOurs = call === "write" || call === "fsync" || String(args[0]).includes("/content/");
        if (isOurs) {
          const image = join(root, `${work}-${taken.length}`);
          cpSync(dataDir, image, { recursive: true });
          taken.push(image);
        }
        return Reflect.apply(real[call], diskOperations, args) as never;
      });
    }
    return { taken };
  }

  it("S0.10 at any step of archiving, bringing back or deleting leaves what can be read, or nothing at all", async () => {
    const supervisor = await open();
    const session = await fill(supervisor, dataDir);
    await supervisor.bodies.save();
    const { taken } = images("image");
    await shelve(supervisor, "session/archive");
    await supervisor.archiver.settled();
    await shelve(supervisor, "session/unarchive");
    await supervisor.archiver.settled();
    await shelve(supervisor, "session/trash");
    await shelve(supervisor, "session/delete");
    await vi.waitFor(async () => expect(await readdir(join(dataDir, "content"))).toEqual([]));
    vi.restoreAllMocks();
    expect(taken.length).toBeGreaterThan(30);
    const seen = new Set<string>();
    for (const image of taken) {
      const next = await open(image);
      const left = next.registry.committedSessions.get("s");
      if (left !== undefined) {
        expect(await all(next), image).toEqual(WHOLE);
        await next.archiver.settled();
        expect(await all(next), image).toEqual(WHOLE);
        if (left.archivedAt !== undefined) expect(await files(session, image)).toEqual(COMPRESSED);
      }
      seen.add(left === undefined ? "gone" : left.archivedAt === undefined ? "in use" : "archived");
      await next.close();
      opened.splice(opened.indexOf(next), 1);
      if (left === undefined) expect(await readdir(join(image, "content"))).toEqual([]);
    }
    expect([...seen].sort()).toEqual(["archived", "gone", "in use"]);
  }, 90_000);
});
