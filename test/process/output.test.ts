import { appendFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { OutputGauge, type OutputWatch, readOutput } from "../../src/process/output.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sessiond-output-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("OutputGauge", () => {
  let timers: number;
  let errors: unknown[];
  let gauge: OutputGauge;
  beforeEach(() => {
    timers = 0;
    errors = [];
    gauge = new OutputGauge({
      intervalMs: 200,
      onError: (error) => errors.push(error),
      startTimer: () => {
        timers += 1;
        return () => (timers -= 1);
      },
    });
  });
  afterEach(() => gauge.close());

  function watch(name: string): OutputWatch & { readonly seen: number[]; readonly out: string } {
    const seen: number[] = [];
    const out = join(folder, `${name}.out`);
    const files = { stdoutPath: out, stderrPath: join(folder, `${name}.err`) };
    const onGrowth = (totalBytes: number): void => void seen.push(totalBytes);
    const watched = gauge.watch({ ...files, onGrowth });
    return { ...watched, seen, out };
  }

  it("reports growth of the two files together, and nothing else", async () => {
    const { seen, out } = watch("a");
    await gauge.look();
    expect(seen, "files that are missing are empty").toEqual([]);
    await writeFile(out, "12345");
    await gauge.look();
    await gauge.look();
    await writeFile(join(folder, "a.err"), "123");
    await gauge.look();
    await gauge.look();
    expect(seen).toEqual([5, 8]);
  });

  it("goes on after a cut", async () => {
    const { seen, out } = watch("a");
    await writeFile(out, "123");
    await gauge.look();
    await truncate(out, 1);
    await gauge.look();
    await appendFile(out, "2");
    await gauge.look();
    expect(seen).toEqual([3, 2]);
  });

  it("takes turns where there are many", async () => {
    const watches = Array.from({ length: 120 }, (_, at) => watch(`many-${at}`));
    for (const { out } of watches) await writeFile(out, "1");
    const seen = (): number => watches.filter((one) => one.seen.length > 0).length;
    const counts: number[] = [];
    for (let look = 0; look < 3; look += 1) {
      await gauge.look();
      counts.push(seen());
    }
    expect(counts).toEqual([50, 100, 120]);
    expect(watches.every((one) => one.seen.length === 1)).toBe(true);
  });

  it("counts one file for both streams once", async () => {
    const path = join(folder, "both");
    await writeFile(path, "1234");
    const seen: number[] = [];
    gauge.watch({ stdoutPath: path, stderrPath: path, onGrowth: (bytes) => seen.push(bytes) });
    await gauge.look();
    expect(seen).toEqual([4]);
  });

  it("runs one timer, and only while something is watched", () => {
    expect(timers).toBe(0);
    const watches = [watch("a"), watch("b")];
    expect(timers).toBe(1);
    watches[0]?.close();
    watches[0]?.close();
    expect(timers).toBe(1);
    watches[1]?.close();
    expect(timers).toBe(0);
    watch("c");
    expect(timers).toBe(1);
  });

  it("looks by its own timer when none is given", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const own = new OutputGauge({ intervalMs: 200, onError: (error) => errors.push(error) });
      const look = vi.spyOn(own, "look");
      const watched = own.watch({ stdoutPath: "/none", stderrPath: "/none", onGrowth: () => {} });
      vi.advanceTimersByTime(600);
      expect(look).toHaveBeenCalledTimes(3);
      watched.close();
      expect(vi.getTimerCount()).toBe(0);
      await own.look();
    } finally {
      vi.useRealTimers();
    }
  });

  it("never looks twice at a time, and says nothing after a close", async () => {
    const { seen, out, ...watched } = watch("a");
    await writeFile(out, "1");
    const first = gauge.look();
    expect(gauge.look()).toBe(first);
    watched.close();
    await first;
    expect(seen).toEqual([]);
  });

  it("passes errors on and serves the others", async () => {
    await writeFile(join(folder, "no-folder"), "");
    const failing = watch("no-folder/x");
    const throwing = join(folder, "throwing");
    await writeFile(throwing, "1");
    gauge.watch({
      stdoutPath: throwing,
      stderrPath: throwing,
      onGrowth: () => {
        throw new Error("the caller's own");
      },
    });
    const good = watch("good");
    await writeFile(good.out, "1");
    await gauge.look();
    expect(failing.seen).toEqual([]);
    expect(good.seen).toEqual([1]);
    const messages = errors.map(String).join("\n");
    expect(errors).toHaveLength(2);
    expect(messages).toMatch(/ENOTDIR/);
    expect(messages).toMatch(/the caller's own/);
  });
});

describe("readOutput", () => {
  it("reads piece by piece, bytes exactly", async () => {
    const path = join(folder, "out");
    const content = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 256));
    await writeFile(path, content);
    const pieces: Buffer[] = [];
    for (let since = 0; since < content.length;) {
      const piece = await readOutput(path, since, 333);
      expect(piece.sizeBytes).toBe(1_000);
      pieces.push(piece.bytes);
      since = piece.nextBytes;
    }
    expect(pieces.map(({ length }) => length)).toEqual([333, 333, 333, 1]);
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
  });

  it("is empty at the end, for a missing file, and with nothing asked for", async () => {
    const path = join(folder, "out");
    const empty = Buffer.alloc(0);
    expect(await readOutput(path, 7, 10)).toEqual({ bytes: empty, nextBytes: 7, sizeBytes: 0 });
    await writeFile(path, "12345");
    expect(await readOutput(path, 5, 10)).toEqual({ bytes: empty, nextBytes: 5, sizeBytes: 5 });
    expect(await readOutput(path, 9, 10)).toEqual({ bytes: empty, nextBytes: 9, sizeBytes: 5 });
    expect(await readOutput(path, 0, 0)).toEqual({ bytes: empty, nextBytes: 0, sizeBytes: 5 });
  });

  it.each([
    [-1, 1],
    [0, -1],
    [0.5, 1],
    [0, Number.POSITIVE_INFINITY],
  ])("refuses the numbers %d and %d", async (since, limit) => {
    await expect(readOutput(folder, since, limit)).rejects.toThrow(RangeError);
  });

  it("does not take a folder for an empty file", async () => {
    await expect(readOutput(folder, 0, 10)).rejects.toThrow(/EISDIR/);
  });
});
