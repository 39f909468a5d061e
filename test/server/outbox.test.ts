import { Duplex } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";

import { Outbox } from "../../src/server/outbox.js";
import { nextTurn } from "./served.js";

/** A stream that takes one piece at a time, when it is told to. */
class SlowStream extends Duplex {
  readonly written: string[] = [];
  readonly pieces: unknown[] = [];
  ended = false;
  #taken: (() => void) | undefined;

  constructor(highWaterMark: number) {
    super({ writableHighWaterMark: highWaterMark, decodeStrings: false });
  }

  override _read(): void {}

  override _write(piece: string | Buffer, _encoding: string, taken: () => void): void {
    this.pieces.push(piece);
    this.written.push(piece.toString());
    this.#taken = taken;
  }

  override _final(done: () => void): void {
    this.ended = true;
    done();
  }

  async takePiece(): Promise<void> {
    this.#taken?.();
    await nextTurn();
  }
}

describe("Outbox", () => {
  const streams: SlowStream[] = [];

  afterEach(() => {
    for (const stream of streams.splice(0)) stream.destroy();
  });

  function outbox(boundBytes: number, highWaterMark = 10) {
    const stream = new SlowStream(highWaterMark);
    streams.push(stream);
    const onRoom = vi.fn();
    return { stream, onRoom, box: new Outbox({ stream, boundBytes, onRoom }) };
  }

  it("joins the lines of a turn into one string", async () => {
    const { stream, box } = outbox(100);
    box.push("a");
    box.push("b");
    expect(stream.pieces).toEqual([]);
    await nextTurn();
    expect(stream.pieces).toEqual(["a\nb\n"]);
  });

  it("joins what promises push that settle in one turn", async () => {
    const { stream, box } = outbox(100);
    void Promise.resolve().then(() => box.push("a"));
    void Promise.resolve()
      .then(() => undefined)
      .then(() => box.push("b"));
    await nextTurn();
    expect(stream.written).toEqual(["a\nb\n"]);
  });

  it("gives a full stream nothing more until it has drained, then all at once", async () => {
    const { stream, box } = outbox(1_000);
    box.push("x".repeat(10));
    await nextTurn();
    box.push("a");
    await nextTurn();
    box.push("b");
    await nextTurn();
    expect(stream.written).toHaveLength(1);
    expect(box.queuedBytes).toBe(11 + 2 + 2);
    await stream.takePiece();
    expect(stream.written.slice(1)).toEqual(["a\nb\n"]);
  });

  it("counts bytes, not letters", () => {
    const { box } = outbox(100);
    box.push("ä€");
    expect(box.queuedBytes).toBe(6);
  });

  it("is full at its bound, and no more at half of it", async () => {
    const { stream, onRoom, box } = outbox(20);
    box.push("x".repeat(18));
    expect(box.full).toBe(false);
    await nextTurn();
    box.push("");
    expect(box.full).toBe(true);
    expect(onRoom).not.toHaveBeenCalled();
    await stream.takePiece();
    expect(box.full).toBe(false);
    expect(onRoom).toHaveBeenCalledOnce();
  });

  it("finds room again also where the stream holds more than the bound", async () => {
    const { stream, onRoom, box } = outbox(20, 1_000);
    box.push("x".repeat(30));
    await nextTurn();
    expect(stream.writableNeedDrain).toBe(false);
    expect(box.full).toBe(true);
    await stream.takePiece();
    expect(box.full).toBe(false);
    expect(onRoom).toHaveBeenCalledOnce();
  });

  it("encodes a long text itself, so that the stream counts its bytes too", async () => {
    const { stream, box } = outbox(1_000_000);
    box.push("ä".repeat(20_000));
    await nextTurn();
    expect(stream.pieces[0]).toBeInstanceOf(Buffer);
    expect(box.queuedBytes).toBe(40_001);
  });

  it("sends what waits when it ends, and takes nothing more", async () => {
    const { stream, box } = outbox(100);
    box.push("a");
    box.end();
    box.end();
    box.push("b");
    expect(box.ended).toBe(true);
    await nextTurn();
    await stream.takePiece();
    expect(stream.written).toEqual(["a\n"]);
    expect(stream.ended).toBe(true);
  });

  it("forgets what waits when the stream is gone", async () => {
    const { stream, box } = outbox(100);
    box.push("a");
    box.discard();
    expect(box.queuedBytes).toBe(0);
    await nextTurn();
    expect(stream.written).toEqual([]);
  });
});
