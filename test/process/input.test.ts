import { PassThrough } from "node:stream";
import { spawnSync } from "node:child_process";
import { constants } from "node:fs";
import { type FileHandle, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

import { InputClosedError } from "../../src/process/input.js";
import { FifoInput } from "../../src/process/keeper/fifoInput.js";
import { PipeInput } from "../../src/process/pipeInput.js";
import { describeIf, hasProgram } from "../support/requires.js";

describe("a pipe to a child", () => {
  it("takes a piece as a whole, and the next when that one is read", async () => {
    const pipe = new PassThrough({ highWaterMark: 4 });
    const input = new PipeInput(pipe);
    expect(await input.write(Buffer.from("first piece"))).toBe(11);
    expect(await input.write(Buffer.from("second"))).toBe(0);
    expect(await input.state()).toEqual({ givenBytes: 11, hasEnded: false });
    expect(String(pipe.read())).toBe("first piece");
    expect(await input.write(Buffer.from("second"))).toBe(6);
    await input.end();
    await input.end();
    expect(await input.state()).toEqual({ givenBytes: 17, hasEnded: true });
    await expect(input.write(Buffer.from("x"))).rejects.toThrow(InputClosedError);
  });

  it("says that nobody reads, once the other end is closed", async () => {
    const pipe = new PassThrough();
    const input = new PipeInput(pipe);
    pipe.destroy(new Error("EPIPE"));
    await expect(input.write(Buffer.from("x"))).rejects.toThrow(InputClosedError);
  });
});

/** A folder with the FIFO, and its other end, as the keeper would hold it. */
async function scene(): Promise<{ folder: string; reader: FileHandle }> {
  const folder = await mkdtemp(join(tmpdir(), "sessiond-input-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  spawnSync("mkfifo", [join(folder, "input")]);
  const reader = await open(join(folder, "input"), constants.O_RDONLY | constants.O_NONBLOCK);
  onTestFinished(() => reader.close().catch(() => undefined));
  return { folder, reader };
}

async function drain(reader: FileHandle): Promise<number> {
  const { bytesRead } = await reader.read(Buffer.alloc(1_000_000));
  return bytesRead;
}

describeIf(hasProgram("mkfifo"), "mkfifo, from coreutils", "a FIFO that a keeper holds", () => {
  it("takes what it has room for, and writes down how much it was given", async () => {
    const { folder, reader } = await scene();
    const input = new FifoInput(folder, () => undefined);
    const piece = Buffer.alloc(200_000, "x");
    const first = await input.write(piece);
    expect(first).toBeGreaterThan(0);
    expect(await input.write(piece)).toBe(0);
    expect(await drain(reader)).toBe(first);
    const second = await input.write(piece);
    expect(await input.state()).toEqual({ givenBytes: first + second, hasEnded: false });
    await input.close();
    // The next daemon knows it, too.
    const next = new FifoInput(folder, () => undefined);
    expect(await next.state()).toEqual({ givenBytes: first + second, hasEnded: false });
    await next.close();
  });

  it("tells its keeper the end of it, and writes that down", async () => {
    const { folder } = await scene();
    const told: string[] = [];
    const input = new FifoInput(folder, () => told.push("eof"));
    await input.write(Buffer.from("abc"));
    await input.end();
    expect(told).toEqual(["eof"]);
    expect(await readFile(join(folder, "given"), "utf8")).toBe("0000000000000003 ended\n");
    expect(await new FifoInput(folder, () => undefined).state()).toEqual({ givenBytes: 3, hasEnded: true });
    await expect(input.write(Buffer.from("x"))).rejects.toThrow(InputClosedError);
  });

  it("says that nobody reads: from the start, later, and when the command's folder is gone", async () => {
    const { folder, reader } = await scene();
    const input = new FifoInput(folder, () => undefined);
    await input.write(Buffer.from("x"));
    await reader.close();
    await expect(input.write(Buffer.from("x"))).rejects.toThrow(InputClosedError);
    await input.close();
    const late = new FifoInput(folder, () => undefined);
    await expect(late.write(Buffer.from("x"))).rejects.toThrow(InputClosedError);
    const told: string[] = [];
    const gone = new FifoInput(join(folder, "gone"), () => told.push("eof"));
    await expect(gone.write(Buffer.from("x"))).rejects.toThrow(InputClosedError);
    await gone.end();
    expect(told).toEqual(["eof"]);
  });
});
