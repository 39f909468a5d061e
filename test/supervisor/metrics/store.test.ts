import { describe, expect, it } from "vitest";

import { History } from "../../../src/sampling/history.js";
import type { KeptMetrics } from "../../../src/sampling/historyFile.js";
import { MetricsStore } from "../../../src/supervisor/metrics/store.js";
import { emptyTally } from "../../../src/supervisor/metrics/tally.js";

/** Files in memory, which can fail. */
class Files {
  readonly kept = new Map<string, KeptMetrics>();
  readonly written: string[] = [];
  fault: Error | undefined;

  async write(name: string, kept: KeptMetrics): Promise<void> {
    await Promise.resolve();
    if (this.fault !== undefined) throw this.fault;
    this.written.push(name);
    this.kept.set(name, {
      history: History.decode(kept.history.encode()),
      tally: structuredClone(kept.tally),
    });
  }

  read(name: string): Promise<KeptMetrics | undefined> {
    return this.fault === undefined ? Promise.resolve(this.kept.get(name)) : Promise.reject(this.fault);
  }

  remove(name: string): Promise<void> {
    this.kept.delete(name);
    return Promise.resolve();
  }

  sweep(isKept: (name: string) => boolean): Promise<void> {
    for (const name of this.kept.keys()) if (!isKept(name)) this.kept.delete(name);
    return Promise.resolve();
  }
}

function opened(files = new Files()) {
  const troubles: unknown[] = [];
  const there = new Set(["s"]);
  const store = new MetricsStore({
    files,
    isThere: ({ sessionId }) => there.has(sessionId),
    onTrouble: (error) => troubles.push(error),
  });
  return { files, troubles, store };
}

const OWNER = { sessionId: "s", createdSeq: 1 };
const measured = (at: number) => ({ at, cpuPercent: 1, memoryBytes: 1, processes: 1 });

async function add(store: MetricsStore, name: string, at: number): Promise<void> {
  const entry = await store.open(name, at);
  entry.history.add(measured(at));
  entry.latest = measured(at);
  entry.changedAt = at;
  entry.isSaved = false;
}

describe("the metrics that are kept", () => {
  it("are written at once the first time, and once a minute from then on", async () => {
    const { files, store } = opened();
    await add(store, "s~1", 100_000);
    await store.save(10, 100_000);
    await store.save(10, 100_000);
    await add(store, "s~1", 105_000);
    await store.save(10, 105_000);
    expect(files.written).toEqual(["s~1"]);
    await store.save(10, 155_000);
    expect(files.written).toEqual(["s~1", "s~1"]);
  });

  it("are written a few at a time, those first that have waited longest", async () => {
    const { files, store } = opened();
    for (const name of ["a~1", "b~1", "c~1"]) await add(store, name, 100_000);
    await store.save(2, 100_000);
    expect(files.written).toEqual(["a~1", "b~1"]);
    await add(store, "a~1", 160_000);
    await store.save(2, 160_000);
    expect(files.written).toEqual(["a~1", "b~1", "c~1", "a~1"]);
  });

  it("go on from their file, and leave memory when they were quiet for long", async () => {
    const { files, store } = opened();
    await add(store, "s~1", 100_000);
    store.evict(10_000_000);
    expect(store.size).toBe(1);
    await store.save(10, 100_000);
    store.evict(100_000 + 5 * 60_000);
    expect([store.size, store.measured()]).toEqual([1, ["s"]]);
    store.evict(100_000 + 11 * 60_000);
    expect([store.size, store.get(OWNER)]).toEqual([0, undefined]);
    expect((await store.read("s~1")).history.lastAt).toBe(100_000);
    expect(store.size).toBe(0);
    const again = opened(files).store;
    await add(again, "s~1", 200_000);
    expect(again.get(OWNER)?.history.between(0, Infinity)).toHaveLength(2);
  });

  it("are read once, however many ask at a time", async () => {
    const { store } = opened();
    const [one, other] = await Promise.all([store.open("s~1", 1), store.open("s~1", 1)]);
    expect(one).toBe(other);
  });

  it("fail nobody where the disk fails, and are written when it works again", async () => {
    const { files, troubles, store } = opened();
    files.fault = new Error("disk full");
    await add(store, "s~1", 100_000);
    await store.save(10, 100_000);
    expect(troubles).toHaveLength(2);
    files.fault = undefined;
    await store.save(10, 160_000);
    expect([...files.kept.keys()]).toEqual(["s~1"]);
  });

  it("are gone with their session, also when they are just being written", async () => {
    const { files, store } = opened();
    for (const name of ["a~1", "s~1"]) await add(store, name, 100_000);
    const saving = store.save(10, 100_000);
    await store.remove(OWNER);
    await saving;
    expect([...files.kept.keys()]).toEqual(["a~1"]);
    expect(store.get(OWNER)).toBeUndefined();
  });

  it("are swept where nobody has that session, and never where it is no session's", async () => {
    const { files, store } = opened();
    for (const name of ["s~1", "gone~2", "machine"])
      files.kept.set(name, { history: new History(), tally: emptyTally() });
    await store.sweep();
    expect([...files.kept.keys()]).toEqual(["s~1", "machine"]);
  });

  it("are all written at a stop", async () => {
    const { files, store } = opened();
    for (const name of ["a~1", "b~1"]) await add(store, name, 100_000);
    await store.save(1, 100_000);
    await add(store, "a~1", 105_000);
    await store.close(1_000);
    expect(files.written.toSorted()).toEqual(["a~1", "a~1", "b~1"]);
  });
});
