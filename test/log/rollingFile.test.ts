import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RollingFile } from "../../src/log/rollingFile.js";
import type { RollStream } from "../../src/log/rollStream.js";

/** A stream that does what a test tells it, with the events of a SonicBoom. */
class FakeStream extends EventEmitter implements RollStream {
  file: string | null;
  readonly lines: string[] = [];
  isDestroyed = false;
  onWrite: () => void = () => undefined;
  onEnd: () => void = () => this.emit("close");

  constructor(file: string) {
    super();
    this.file = file;
  }
  write(line: string): boolean {
    this.onWrite();
    this.lines.push(line);
    return true;
  }
  end(): void {
    this.onEnd();
  }
  destroy(): void {
    this.isDestroyed = true;
  }
}

const failure = (code: string, syscall: string) => Object.assign(new Error(code), { code, syscall });

let dir: string;
let streams: FakeStream[];
let troubles: string[];
let openError: Error | undefined;
let opened: RollingFile[];
beforeEach(() => {
  opened = [];
  dir = mkdtempSync(join(tmpdir(), "sessiond-rolling-"));
  streams = [];
  troubles = [];
  openError = undefined;
});
afterEach(async () => {
  for (const file of opened) await file.close();
  rmSync(dir, { recursive: true });
});

async function open(reopenAfterMs = 0): Promise<RollingFile> {
  const file = await RollingFile.open({
    filesDir: join(dir, "files"),
    name: "test",
    link: join(dir, "test.log"),
    maxSizeBytes: 1_000,
    keepFiles: 2,
    reopenAfterMs,
    closeWithinMs: 20,
    onTrouble: (error) => troubles.push(error.message),
    lostLine: (lines) => `lost ${lines}\n`,
    openStream: () => {
      if (openError !== undefined) return Promise.reject(openError);
      const stream = new FakeStream(join(dir, "files", `test.2026-11-20.${streams.length + 1}.log`));
      streams.push(stream);
      return Promise.resolve(stream);
    },
  });
  opened.push(file);
  return file;
}

/** Turns of the event loop until something is so; bounded. */
const until = async (isTrue: () => boolean) => {
  const deadlineMs = performance.now() + 15_000;
  while (!isTrue()) {
    if (performance.now() > deadlineMs) throw new Error("it never became so");
    await new Promise((resolve) => setImmediate(resolve));
  }
};

describe("a disk that takes no more", () => {
  it("is told once, and again only after it took something in between", async () => {
    const file = await open();
    const [stream] = streams;
    stream?.emit("error", failure("ENOSPC", "write"));
    stream?.emit("error", failure("ENOSPC", "write"));
    expect(troubles).toEqual(["ENOSPC"]);
    file.write("kept by the stream\n");
    expect(stream).toMatchObject({ isDestroyed: false, lines: ["kept by the stream\n"] });
    stream?.emit("write", 10);
    stream?.emit("error", failure("ENOSPC", "write"));
    expect(troubles).toHaveLength(2);
  });

  it("costs the lines beyond the bound, and their number is written when it works again", async () => {
    await open();
    const [stream] = streams;
    stream?.emit("drop", "a\n");
    stream?.emit("drop", "b\n");
    stream?.emit("write", 10);
    stream?.emit("write", 10);
    expect(stream?.lines).toEqual(["lost 2\n"]);
  });
});

describe("a file that cannot be opened", () => {
  it("is told once; lines are counted until it can be", async () => {
    openError = failure("EACCES", "open");
    const file = await open();
    expect(file.path).toBe(join(dir, "test.log"));
    file.write("lost\n");
    await new Promise((resolve) => setImmediate(resolve));
    file.write("lost\n");
    expect(troubles).toEqual(["EACCES"]);
    openError = undefined;
    await until(() => {
      file.write("x\n");
      return streams.length === 1;
    });
    await until(() => (streams[0]?.lines.length ?? 0) > 0);
    expect(streams[0]?.lines[0]).toMatch(/^lost \d+\n$/);
    expect(file.path).toBe(join(dir, "files", "test.2026-11-20.1.log"));
  });

  it("is not tried again before its time", async () => {
    openError = failure("EACCES", "open");
    const file = await open(1_000_000);
    openError = undefined;
    file.write("lost\n");
    await file.close();
    expect(streams).toEqual([]);
  });

  it("when it is the next one, ends the stream for good", async () => {
    const file = await open();
    const [stream] = streams;
    stream?.emit("error", failure("ENOENT", "open"));
    expect(stream?.isDestroyed).toBe(true);
    expect(stream?.listenerCount("ready")).toBe(0);
    expect(stream?.emit("error", new Error("late"))).toBe(true);
    await until(() => {
      file.write("x\n");
      return streams.length === 2;
    });
  });
});

describe("writing", () => {
  it("never throws, whatever the stream does", async () => {
    const file = await open();
    const [stream] = streams;
    if (stream !== undefined) {
      stream.onWrite = () => {
        // A stream may throw anything, and not everybody throws an Error.
        // oxlint-disable-next-line typescript/only-throw-error -- a library may throw anything
        throw "destroyed";
      };
    }
    expect(() => file.write("x\n")).not.toThrow();
    expect(troubles).toEqual(["destroyed"]);
    await file.close();
  });
});

describe("closing", () => {
  it("is bounded when the stream never closes", async () => {
    const file = await open();
    const [stream] = streams;
    if (stream !== undefined) stream.onEnd = () => undefined;
    await file.close();
    file.write("late\n");
    expect(stream?.lines).toEqual([]);
  });

  it("gives up a stream that fails at the end", async () => {
    const file = await open();
    const [stream] = streams;
    if (stream !== undefined) stream.onEnd = () => stream.emit("error", failure("ENOSPC", "write"));
    await file.close();
    expect(stream?.isDestroyed).toBe(true);
    await file.close();
  });
});

describe("settled", () => {
  it("waits until all bytes that were given before are written, or dropped, or time is up", async () => {
    const file = await open();
    await file.settled(60_000);
    const [stream] = streams;
    file.write("abc\n");
    file.write("ä\n");
    let isSettled = false;
    const settled = file.settled(60_000).then(() => (isSettled = true));
    stream?.emit("write", 4);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isSettled).toBe(false);
    stream?.emit("write", 3);
    await settled;
    expect(file.works).toBe(true);
    // A line is dropped while it is given, and nobody waits for it.
    if (stream !== undefined) stream.onWrite = () => stream.emit("drop", "dropped\n");
    file.write("dropped\n");
    await file.settled(60_000);
    if (stream !== undefined) stream.onWrite = () => undefined;
    file.write("never\n");
    await file.settled(1);
    const afterFailure = file.settled(60_000);
    stream?.emit("error", failure("EBADF", "open"));
    await afterFailure;
    await file.settled(60_000);
    expect(file.works).toBe(false);
  });

  it("waits for nothing that was given afterwards, so a steady flow holds nobody up", async () => {
    const file = await open();
    const [stream] = streams;
    file.write("abc\n");
    const settled = file.settled(60_000);
    file.write("later\n");
    if (stream !== undefined) stream.onWrite = () => stream.emit("drop", "dropped\n");
    file.write("dropped\n");
    let isSettled = false;
    void settled.then(() => (isSettled = true));
    await new Promise((resolve) => setImmediate(resolve));
    // What is dropped later has not brought the line into the file.
    expect(isSettled).toBe(false);
    stream?.emit("write", 4);
    await settled;
  });
});
