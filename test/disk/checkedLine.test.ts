import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  beginsAsCheckedLine,
  checkedLine,
  formatCheckedLine,
  formatCrc,
  lineCrc,
  parseCheckedLine,
  parseCrc,
  verifyCheckedLine,
} from "../../src/disk/checkedLine.js";

const crcs = fc.integer({ min: 0, max: 0xffffffff });

function bytesOf(line: string): Buffer {
  expect(line.endsWith("\n")).toBe(true);
  return Buffer.from(line).subarray(0, -1);
}

describe("a checked line", () => {
  it("has exactly the documented form", () => {
    const { line, crc } = checkedLine({ a: 1, b: "ü" }, 0);
    expect(line).toBe(`{"crc":"${formatCrc(crc)}","a":1,"b":"ü"}\n`);
    // The check value of CRC-32 in every textbook.
    expect(formatCrc(lineCrc("123456789", 0))).toBe("cbf43926");
    expect(formatCheckedLine('"a":1}', 0xab)).toBe('{"crc":"000000ab","a":1}\n');
  });

  it("comes back as it was, whatever is in it, and only after the line it follows", () => {
    const values = fc.dictionary(fc.string({ unit: "binary", minLength: 1 }), fc.jsonValue(), {
      minKeys: 1,
      maxKeys: 4,
    });
    fc.assert(
      fc.property(values, crcs, crcs, (fields, seed, other) => {
        fc.pre(!Object.hasOwn(fields, "crc") && seed !== other);
        const { line, crc } = checkedLine(fields, seed);
        const bytes = bytesOf(line);
        expect(bytes.includes(0x0a)).toBe(false);
        expect(verifyCheckedLine(bytes, seed)).toBe(crc);
        expect(verifyCheckedLine(bytes, other)).toBeUndefined();
        expect(parseCheckedLine(bytes)).toEqual({
          crc: formatCrc(crc),
          ...(JSON.parse(JSON.stringify(fields)) as object),
        });
      }),
    );
  });

  it("shows every changed bit, and every cut", () => {
    const bytes = bytesOf(checkedLine({ text: "abcdef", n: 12 }, 77).line);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verifyCheckedLine(flipped, 77)).toBeUndefined();
    }
    for (let size = 0; size < bytes.length; size++) {
      expect(verifyCheckedLine(bytes.subarray(0, size), 77)).toBeUndefined();
      expect(beginsAsCheckedLine(bytes.subarray(0, size))).toBe(true);
    }
  });

  it("does not begin like anything else", () => {
    for (const text of [
      "x",
      '{"crc":"0123456G',
      '{"crc":"ABCDEF01',
      '{"crd',
      '{"crc":"01234567",'.replace(",", ";"),
    ]) {
      expect(beginsAsCheckedLine(Buffer.from(text))).toBe(false);
    }
    expect(beginsAsCheckedLine(Buffer.from('{"crc":"0123abcd","a":1}'))).toBe(true);
  });

  it("needs a field that JSON can hold", () => {
    expect(() => checkedLine({}, 0)).toThrow(TypeError);
    expect(() => checkedLine({ a: undefined }, 0)).toThrow(TypeError);
  });

  it("writes a crc in one way only", () => {
    fc.assert(fc.property(crcs, (crc) => parseCrc(formatCrc(crc)) === crc));
    for (const text of ["0123456", "012345678", "0123456A", " 1234567", 1, null, undefined]) {
      expect(parseCrc(text)).toBeUndefined();
    }
  });
});
