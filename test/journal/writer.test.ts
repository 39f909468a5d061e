import { describe, expect, it } from "vitest";
import { JournalUnavailableError } from "../../src/journal/index.js";
import { SimulatedDisk } from "./simulatedDisk.js";
import { dice } from "./simulatedFile.js";
import { append, diskError, intercept, open, turn, until, type OperationName } from "./support.js";

const BODY = { at: 1, up: 2 };

describe("a write that fails cleanly", () => {
  it("refuses everything since the last durable event, then goes on as if it had never been", async () => {
    const disk = new SimulatedDisk();
    let broken = false;
    const order: string[] = [];
    const { journal, failures } = await open(
      intercept(disk, (name, args) => {
        if (!broken || name !== "writeSync") return undefined;
        // First a part of it is taken, then nothing.
        return (args[2] as number) === 0 ? 100 : diskError("ENOSPC");
      }),
      { onFailure: (error) => order.push(`failure ${error.name}`) },
    );
    await append(journal, "kept");
    broken = true;
    const settle = (name: string) => (error?: Error) => order.push(`${name} ${error?.name}`);
    journal.append({ ...BODY, events: ["lost", "lost too"] }, settle("first"));
    journal.whenDurable(settle("waiter"));
    journal.append({ ...BODY, events: ["lost as well"] }, (error) => {
      settle("second")(error);
      expect(journal.head).toBe(1);
      broken = false;
      journal.append({ ...BODY, events: ["again"] }, settle("again"));
    });
    await until(() => order.length === 5);
    const refused = "JournalUnavailableError";
    expect(order).toEqual([
      `failure ${refused}`,
      `first ${refused}`,
      `waiter ${refused}`,
      `second ${refused}`,
      "again undefined",
    ]);
    expect(failures).toEqual([]);
    expect(journal.health).toMatchObject({ state: "full", reason: "ENOSPC: injected" });
    await journal.close();
    expect((await open(disk)).texts).toEqual(["kept", "again"]);
  });

  it("refuses those also who decided while the sync before it ran", async () => {
    const disk = new SimulatedDisk();
    let writes = 0;
    const faulty = intercept(disk, (name) =>
      name === "writeSync" && ++writes === 2 ? diskError("EDQUOT") : undefined,
    );
    const { journal } = await open(faulty, { roomBytes: 0 });
    const settled: string[] = [];
    journal.append({ ...BODY, events: ["a"] }, (error) => {
      settled.push(`a ${error?.name}`);
      // Decided on a head that is lost already, though nobody has said so yet.
      journal.append({ ...BODY, events: ["c"] }, (late) => settled.push(`c ${late?.name}`));
      journal.whenDurable((late) => settled.push(`saw c ${late?.name}`));
    });
    await turn();
    journal.append({ ...BODY, events: ["b"] }, (error) => settled.push(`b ${error?.name}`));
    await until(() => settled.length === 4);
    const refused = "JournalUnavailableError";
    expect(settled).toEqual(["a undefined", `b ${refused}`, `c ${refused}`, `saw c ${refused}`]);
    await journal.close();
    expect((await open(disk)).texts).toEqual(["a"]);
  });

  it("syncs the cut, so that a power loss does not bring the refused back", async () => {
    for (let seed = 0; seed < 100; seed++) {
      const disk = new SimulatedDisk();
      let broken = true;
      const { journal } = await open(
        intercept(disk, (name, args) =>
          broken && name === "writeSync"
            ? (args[2] as number) === 0
              ? 200
              : diskError("ENOSPC")
            : undefined,
        ),
      );
      await expect(append(journal, "refused".repeat(50))).rejects.toThrow(JournalUnavailableError);
      broken = false;
      journal.append({ ...BODY, events: ["next"] }, () => undefined);
      await turn();
      const { texts } = await open(disk.afterPowerLoss(dice(seed)));
      expect([[], ["next"]]).toContainEqual(texts);
    }
  });

  it.each(["ftruncateSync", "fdatasyncSync"] as const)("is fatal if the cut fails: %s", async (broken) => {
    const disk = new SimulatedDisk();
    const { journal, failures, fatals } = await open(
      intercept(disk, (name) =>
        name === broken ? diskError("EIO") : name === "writeSync" ? diskError("ENOSPC") : undefined,
      ),
    );
    let settled = 0;
    journal.append({ ...BODY, events: ["a"] }, () => settled++);
    await until(() => fatals.length === 1);
    journal.append({ ...BODY, events: ["b"] }, () => settled++);
    journal.whenDurable(() => settled++);
    await turn();
    await turn();
    expect([settled, failures, journal.health.state]).toEqual([0, [], "failed"]);
    await journal.close();
  });

  it("treats a write that takes nothing without an error as full", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open({
      ...intercept(disk, () => undefined),
      writeSync: () => 0,
    });
    await expect(append(journal, "a")).rejects.toThrow(/takes no more bytes\. It tries again/);
    await journal.close();
  });

  it("takes what a short write left over with further writes", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await open(
      intercept(disk, (name, args) => {
        if (name !== "writeSync" && name !== "write") return undefined;
        return Math.max(1, (args[3] as number) >> 1);
      }),
    );
    await append(journal, "a");
    await append(journal, "b");
    await journal.close();
    expect((await open(disk)).texts).toEqual(["a", "b"]);
  });
});

describe("a sync that fails", () => {
  it("is never answered, and nothing is written after it", async () => {
    const disk = new SimulatedDisk();
    const after: OperationName[] = [];
    let failed = false;
    const { journal, failures, fatals } = await open(
      intercept(disk, (name) => {
        if (failed) after.push(name);
        if (name !== "fdatasync") return undefined;
        failed = true;
        return diskError("EIO");
      }),
    );
    const settled: unknown[] = [];
    const settle = (error?: Error) => settled.push(error);
    journal.append({ ...BODY, events: ["in flight"] }, settle);
    await turn();
    journal.append({ ...BODY, events: ["queued"] }, settle);
    journal.whenDurable(settle);
    await until(() => fatals.length === 1);
    journal.append({ ...BODY, events: ["later"] }, settle);
    for (let i = 0; i < 5; i++) await turn();
    expect([settled, failures, after]).toEqual([[], [], []]);
    expect(journal.health).toMatchObject({ state: "failed", reason: "EIO: injected" });
    await journal.close();
  });

  it("of the folder after a new segment has its name is fatal, too", async () => {
    const disk = new SimulatedDisk();
    let renamed = false;
    let armed = false;
    const { journal, fatals } = await open(
      intercept(disk, (name) => {
        if (armed && name === "rename") renamed = true;
        return renamed && name === "fsync" ? diskError("EIO") : undefined;
      }),
      { segmentBytes: 1 },
    );
    armed = true;
    await append(journal, "a");
    let settled = 0;
    journal.append({ ...BODY, events: ["b"] }, () => settled++);
    await until(() => fatals.length === 1);
    await turn();
    expect(settled).toBe(0);
    expect((await open(disk)).texts).toEqual(["a"]);
  });
});

describe("a settle that throws", () => {
  it("keeps nobody else from the answer, and its error is not swallowed", async () => {
    const { journal } = await open(new SimulatedDisk());
    const thrown: unknown[] = [];
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.once("uncaughtException", (error) => thrown.push(error));
    journal.append({ ...BODY, events: ["a"] }, () => {
      throw new Error("a bug");
    });
    await append(journal, "b");
    await until(() => thrown.length === 1);
    for (const listener of listeners) process.on("uncaughtException", listener);
    await journal.close();
  });
});
