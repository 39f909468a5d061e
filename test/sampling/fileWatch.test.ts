import { EventEmitter } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import {
  FileWatch,
  type FileCounts,
  type MakeWatcher,
  type WatchState,
} from "../../src/sampling/fileWatch.js";
import { IgnoredPaths } from "../../src/sampling/ignoredPaths.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";
import { until } from "../support/until.js";

const temporaryFolder = temporaryFolders();

interface Watched {
  readonly watch: FileWatch;
  readonly counts: Record<keyof FileCounts, number>;
  readonly states: WatchState[];
}

function watched(path: string, options: { mostEntries?: number; make?: MakeWatcher } = {}): Watched {
  const counts = { created: 0, modified: 0, deleted: 0 };
  const states: WatchState[] = [];
  const watch = new FileWatch(path, {
    mostEntries: 100,
    onChange: (change) => (counts[change] += 1),
    onState: (state) => states.push(state),
    ...options,
  });
  onTestFinished(() => watch.close());
  return { watch, counts, states };
}

/** A watcher of which a test says what it sees. */
class Scripted extends EventEmitter {
  isClosed = false;
  ignored: Parameters<MakeWatcher>[1] = () => false;
  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
  readonly make: MakeWatcher = (_, ignored) => {
    this.ignored = ignored;
    return this as never;
  };
}

describe("a folder that is watched", () => {
  it("S2.6 counts files that are created, modified and deleted, and leaves out what git does", async () => {
    const path = await temporaryFolder();
    await mkdir(join(path, "node_modules"));
    await mkdir(join(path, "sub"));
    await writeFile(join(path, ".gitignore"), "*.log\nbuild/\n");
    await writeFile(join(path, "there"), "before");
    const { watch, counts, states } = watched(path);
    await watch.ready;
    for (const name of ["a.log", "node_modules/x", "new", "sub/new"]) await writeFile(join(path, name), "x");
    await until("two files to be created", () => counts.created === 2);
    await writeFile(join(path, "there"), "after and longer");
    await until("one file to be modified", () => counts.modified > 0);
    await rm(join(path, "new"));
    await until("one file to be deleted", () => counts.deleted === 1);
    expect(counts.created).toBe(2);
    expect(watch.state).toEqual({ state: "watching" });
    expect(states).toEqual([]);
  });

  it("is watched in part where it has too many entries, which is said once", () => {
    const scripted = new Scripted();
    const { watch, states } = watched("/w", { mostEntries: 2, make: scripted.make });
    const left = ["/w", "/w/a", "/w/b", "/w/c", "/w/a", "/w/d"].filter((path) => scripted.ignored(path));
    expect(left).toEqual(["/w/c", "/w/d"]);
    expect(watch.size).toBe(2);
    expect(states).toEqual([{ state: "partial" }]);
    scripted.emit("unlink", "/w/a");
    expect(scripted.ignored("/w/c")).toBe(false);
  });

  it.each(["ENOSPC", "EMFILE"])("is given up at %s, which fails nobody and is said", async (code) => {
    const scripted = new Scripted();
    const { watch, states } = watched("/w", { make: scripted.make });
    scripted.emit("error", Object.assign(new Error("no more"), { code }));
    await watch.ready;
    expect(watch.state).toEqual({ state: "failed", detail: code });
    expect(scripted.isClosed).toBe(true);
    scripted.emit("error", new Error("again"));
    expect(states).toEqual([{ state: "failed", detail: code }]);
  });

  it("goes on where one thing in it cannot be watched", () => {
    const scripted = new Scripted();
    const { watch, counts } = watched("/w", { make: scripted.make });
    scripted.emit("error", Object.assign(new Error("no"), { code: "EACCES" }));
    scripted.emit("change", "/w/a");
    expect(watch.state).toEqual({ state: "partial", detail: "EACCES" });
    expect([counts.modified, scripted.isClosed]).toEqual([1, false]);
  });

  it("survives a watcher that cannot even be made", async () => {
    const make: MakeWatcher = () => {
      throw new Error("nothing works");
    };
    const { watch } = watched("/w", { make });
    await watch.ready;
    expect(watch.state).toEqual({ state: "failed", detail: "nothing works" });
  });
});

describe("what .gitignore names", () => {
  it("counts from the folder that it lies in, folders as folders", async () => {
    const path = await temporaryFolder();
    await mkdir(join(path, "sub"));
    await writeFile(join(path, ".gitignore"), "/top\nout/\n*.tmp\n!keep.tmp\n");
    await writeFile(join(path, "sub", ".gitignore"), "local\n");
    const ignored = new IgnoredPaths(path);
    const at = (name: string, isFolder?: boolean): boolean => ignored.has(join(path, name), isFolder);
    expect([at("top", false), at("sub/top", false)]).toEqual([true, false]);
    expect([at("out", true), at("out", false), at("out")]).toEqual([true, false, true]);
    expect([at("sub/x.tmp", false), at("keep.tmp", false)]).toEqual([true, false]);
    expect([at("sub/local", false), at("local", false)]).toEqual([true, false]);
    expect([at("sub/.git", true), at("node_modules/a", false), at("", true)]).toEqual([true, true, false]);
    expect(ignored.has("/elsewhere/node_modules", true)).toBe(false);
  });

  it("is nothing where it is too long to be one", async () => {
    const path = await temporaryFolder();
    await writeFile(join(path, ".gitignore"), `a\n${"#".repeat(70_000)}`);
    expect(new IgnoredPaths(path).has(join(path, "a"), false)).toBe(false);
  });
});
