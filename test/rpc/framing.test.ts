import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { LineDecoder } from "../../src/rpc/framing.js";
import type { Frame } from "../../src/rpc/framing.js";

const lines = (...texts: string[]): Frame[] => texts.map((line) => ({ line }));

/** Feeds the bytes in pieces of the given sizes, over and over, and ends. */
function decode(bytes: Buffer, sizes: readonly number[], maxBytes: number): Frame[] {
  const decoder = new LineDecoder({ maxBytes });
  const frames: Frame[] = [];
  for (let from = 0, turn = 0; from < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    frames.push(...decoder.push(bytes.subarray(from, from + size)));
    from += size;
  }
  return [...frames, ...decoder.end()];
}

describe("LineDecoder", () => {
  it("answers the lines of one chunk in order and keeps the rest", () => {
    const decoder = new LineDecoder({ maxBytes: 100 });
    expect(decoder.push(Buffer.from("one\ntwo\nthr"))).toEqual(lines("one", "two"));
    expect(decoder.push(Buffer.from("ee"))).toEqual([]);
    expect(decoder.push(Buffer.from("\nfour\n"))).toEqual(lines("three", "four"));
    expect(decoder.end()).toEqual([]);
  });

  it("takes a last line without a newline when the stream ends", () => {
    expect(decode(Buffer.from("one\ntwo"), [100], 100)).toEqual(lines("one", "two"));
  });

  it("skips empty lines, and those of a lone carriage return", () => {
    expect(decode(Buffer.from("\n\n\r\none\r\n\n"), [100], 100)).toEqual(lines("one\r"));
  });

  it("splits at 0x0A alone", () => {
    const text = "a\u2028b\rc\u0085d\ve\ff";
    expect(decode(Buffer.from(`${text}\n`), [100], 100)).toEqual(lines(text));
  });

  it("keeps a byte order mark, which is no JSON", () => {
    expect(decode(Buffer.from("\ufeff{}\n"), [100], 100)).toEqual(lines("\ufeff{}"));
  });

  it.each([
    ["in one chunk", [1_000]],
    ["byte by byte", [1]],
  ])("reports one fault for a line over the bound and reads on, %s", (_, sizes) => {
    const bytes = Buffer.from(`${"x".repeat(10)}\n${"y".repeat(11)}\nz\n`);
    expect(decode(bytes, sizes, 10)).toEqual([
      { line: "x".repeat(10) },
      { fault: "too_long" },
      { line: "z" },
    ]);
  });

  it("counts bytes, not letters", () => {
    expect(decode(Buffer.from("ää\näää\n"), [100], 4)).toEqual([{ line: "ää" }, { fault: "too_long" }]);
  });

  it("reports an endless line as soon as it is over the bound, once, and keeps nothing of it", () => {
    const decoder = new LineDecoder({ maxBytes: 1_048_576 });
    const chunk = Buffer.alloc(65_536, "x");
    const frames: Frame[] = [];
    const before = process.memoryUsage().arrayBuffers;
    for (let sent = 0; sent < 64 * 1_048_576; sent += chunk.length) frames.push(...decoder.push(chunk));
    // 1 MiB of it was held once, in buffers that doubled up to there.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1_048_576);
    expect(frames).toEqual([{ fault: "too_long" }]);
    expect(decoder.push(Buffer.from("end\nnext\n"))).toEqual(lines("next"));
    expect(decoder.end()).toEqual([]);
  });

  it("reports an endless line whose stream ends once", () => {
    expect(decode(Buffer.alloc(100, "x"), [7], 10)).toEqual([{ fault: "too_long" }]);
  });

  it("holds a long line that comes byte by byte in one buffer", () => {
    const decoder = new LineDecoder({ maxBytes: 1_048_576 });
    const byte = Buffer.from("x");
    const early: Frame[] = [];
    for (let sent = 0; sent < 100_000; sent++) early.push(...decoder.push(byte));
    expect(early).toEqual([]);
    expect(decoder.push(Buffer.from("\n"))).toEqual(lines("x".repeat(100_000)));
  });

  it.each([[[100]], [[1]], [[3]]])(
    "reports a line that is not UTF-8, and only that, in pieces of %j",
    (sizes) => {
      const bytes = Buffer.concat([
        Buffer.from("ä\n"),
        Buffer.from([0x22, 0xc3, 0x28, 0x0a]),
        Buffer.from("ö\n"),
      ]);
      expect(decode(bytes, sizes, 100)).toEqual([{ line: "ä" }, { fault: "not_utf8" }, { line: "ö" }]);
    },
  );

  it("decodes the same frames however the bytes are cut", () => {
    const line = fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }).map((text) => Buffer.from(text.replaceAll("\n", ""))),
      fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0a))),
    );
    fc.assert(
      fc.property(
        fc.array(line),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (all, sizes) => {
          const bytes = Buffer.concat(all.flatMap((one) => [one, Buffer.from("\n")]));
          const whole = decode(bytes, [Math.max(bytes.length, 1)], 16);
          expect(decode(bytes, sizes, 16)).toEqual(whole);
          expect(whole).toHaveLength(
            all.filter((one) => one.length > 0 && !one.equals(Buffer.from("\r"))).length,
          );
        },
      ),
    );
  });
});
