import { describe, expect, it } from "vitest";
import { JournalUnavailableError } from "../../src/journal/index.js";
import { SimulatedDisk } from "./simulatedDisk.js";
import { bytesOf, changed, segmentPath } from "./damaged.js";
import { append, diskError, intercept, JOURNAL, journalOf, open, until } from "./support.js";

describe("a disk that is full", () => {
  it("gives the reserve back, and is ok again only when there is more than that", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk, { reserveBytes: 4_000 });
    disk.capacity = 4_500;
    const long = "x".repeat(1_000);
    await expect(append(journal, long)).rejects.toThrow(JournalUnavailableError);
    expect(journal.health.state).toBe("full");
    // The reserve serves what has to be recorded now.
    await append(journal, "an outcome");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(journal.health.state).toBe("full");
    disk.capacity = 20_000;
    await until(() => journal.health.state === "ok", 1_000_000);
    expect(disk.files().get(`${JOURNAL}/reserve`)).toHaveLength(4_000);
    await append(journal, long);
    await journal.close();
    expect((await open(disk)).texts).toEqual(["an outcome", long]);
  });

  it("is not touched by the watch while there is too little, and not believed when it is wrong", async () => {
    const disk = new SimulatedDisk();
    let free: number | undefined;
    let writes = 0;
    const operations = intercept(disk, (name) => {
      if (name === "write") writes++;
      return undefined;
    });
    operations.freeBytes = async () => free ?? disk.freeBytes();
    const { journal } = await open(operations, { reserveBytes: 4_000 });
    writes = 0;
    disk.capacity = 4_500;
    await expect(append(journal, "x".repeat(1_000))).rejects.toThrow(JournalUnavailableError);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(writes).toBe(0);
    // A quota: the file system has space, and this user has none.
    free = 1_000_000;
    await until(() => writes > 0, 1_000_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(journal.health.state).toBe("full");
    expect([...disk.files().keys()].filter((path) => path.includes("reserve"))).toEqual([]);
    await journal.close();
  });

  it("at the start: what was there is there, and the state says full", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk);
    await append(journal, "a");
    await journal.close();
    disk.drop(`${JOURNAL}/reserve`);
    disk.capacity = 1_000;
    const again = await open(disk, { reserveBytes: 4_000 });
    expect(again.texts).toEqual(["a"]);
    expect(again.journal.health).toMatchObject({ state: "full" });
    await again.journal.close();
  });

  it("at the start: the reserve makes room for the new segment", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(disk, { reserveBytes: 4_000 });
    await append(journal, "a");
    await journal.close();
    disk.capacity = 4_300;
    const again = await open(disk, { reserveBytes: 4_000 });
    expect(again.texts).toEqual(["a"]);
    await again.journal.close();
    disk.capacity = 0;
    await expect(open(disk)).rejects.toThrow(/the disk of .*journal is full.* Free some megabytes/);
  });

  it("at the start: a torn tail is kept and reported once, also when the reserve has to help", async () => {
    const disk = await journalOf([["a"], ["b"]], { segmentBytes: 1, reserveBytes: 4_000 });
    const path = segmentPath(3);
    const torn = changed(disk, path, bytesOf(disk, path).subarray(0, 20));
    torn.capacity = [...torn.files().values()].reduce((sum, { length }) => sum + length, 10);
    const { journal, texts, notices } = await open(torn, { reserveBytes: 4_000 });
    expect([texts, notices.length]).toEqual([["a", "b"], 1]);
    await journal.close();
  });

  it("leaves no watch behind when the last batch is refused while the journal closes", async () => {
    let looks = 0;
    let isFull = false;
    const disk = new SimulatedDisk();
    const operations = intercept(disk, (name) => {
      if (name === "freeBytes") looks += 1;
      return isFull && name === "writeSync" ? diskError("ENOSPC") : undefined;
    });
    const { journal, failures } = await open(operations);
    isFull = true;
    const [appended] = await Promise.allSettled([append(journal, "a"), journal.close()]);
    expect(appended).toMatchObject({ reason: expect.any(JournalUnavailableError) });
    expect(failures.map(({ message }) => message)).toEqual([
      "The journal takes no writes: ENOSPC: injected. It tries again by itself.",
    ]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(looks).toBe(0);
    expect(disk.files().has(`${JOURNAL}/reserve`)).toBe(false);
  });

  it("ends its watch when the journal is closed, also in the middle of a try", async () => {
    const disk = new SimulatedDisk();
    let broken = true;
    const { journal } = await open(
      intercept(disk, (name) => (broken && name === "writeSync" ? diskError("ENOSPC") : undefined)),
    );
    await expect(append(journal, "a")).rejects.toThrow(JournalUnavailableError);
    broken = false;
    await new Promise((resolve) => setTimeout(resolve, 251));
    await journal.close();
    expect(disk.openCount).toBe(0);
  });
});
