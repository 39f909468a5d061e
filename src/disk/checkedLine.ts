import { crc32 } from "node:zlib";

/**
 * The checked line: `{"crc":"<8 lower-case hex digits>",<rest>}\n`, where crc is the CRC-32 of the raw bytes
 * of `<rest>}`, started from the crc of the line before. See `src/journal/FORMAT.md` for why.
 */

const PREFIX = Buffer.from('{"crc":"');
const DIGITS = 8;
/** Where `<rest>}` begins: after the prefix, the digits and `",`. */
export const REST_OFFSET = PREFIX.length + DIGITS + 2;
const QUOTE = 0x22;
const COMMA = 0x2c;

/** The crc of a line from its `<rest>}` and the crc of the line before. */
export function lineCrc(rest: string, seed: number): number {
  return crc32(rest, seed);
}

/** The line as text, newline included, from its `<rest>}` and its own crc. */
export function formatCheckedLine(rest: string, crc: number): string {
  return `{"crc":"${formatCrc(crc)}",${rest}\n`;
}

/** 00 to ff. `toString(16)` writes a number over 2³¹ as it would a fraction, with a division for each digit. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** A crc as it stands in a line: 8 lower-case hex digits. */
export function formatCrc(crc: number): string {
  return `${HEX[crc >>> 24]}${HEX[(crc >>> 16) & 255]}${HEX[(crc >>> 8) & 255]}${HEX[crc & 255]}`;
}

/** A crc from 8 lower-case hex digits; undefined for anything else. */
export function parseCrc(text: unknown): number | undefined {
  return typeof text === "string" && /^[0-9a-f]{8}$/.test(text) ? Number.parseInt(text, 16) : undefined;
}

/**
 * One object as a checked line, for callers that do not build `<rest>}` themselves.
 * `fields` must have at least one key and none called `crc`. Answers the text and the seed for the next line.
 */
export function checkedLine(fields: object, seed: number): { readonly line: string; readonly crc: number } {
  const rest = JSON.stringify(fields).slice(1);
  if (rest === "}")
    throw new TypeError("A checked line needs a field, and there is none that JSON can hold.");
  const crc = lineCrc(rest, seed);
  return { line: formatCheckedLine(rest, crc), crc };
}

/**
 * Checks a line (without its newline) against the crc of the line before. Answers its own crc, which is the
 * seed for the next line, or undefined if any bit of it is not as it was written.
 */
export function verifyCheckedLine(line: Uint8Array, seed: number): number | undefined {
  if (line.length <= REST_OFFSET) return undefined;
  const stated = statedCrc(line);
  if (stated === undefined) return undefined;
  return crc32(line.subarray(REST_OFFSET), seed) === stated ? stated : undefined;
}

/** Whether these bytes are how a checked line begins, as far as they go. */
export function beginsAsCheckedLine(bytes: Uint8Array): boolean {
  const filler = '{"crc":"00000000",';
  const whole = Buffer.from(filler);
  whole.set(bytes.subarray(0, REST_OFFSET));
  // Digits that are cut off count as given, so the rest of the filler may stay.
  return statedCrc(whole) !== undefined;
}

/** The object in a line that was verified. */
export function parseCheckedLine(line: Buffer): Record<string, unknown> {
  return JSON.parse(line.toString("utf8")) as Record<string, unknown>;
}

/**
 * The crc that a line states, whatever its bytes come to; undefined where it does not begin as a checked line. Read byte
 * by byte: upper-case digits or a changed bracket must not pass.
 */
export function statedCrc(line: Uint8Array): number | undefined {
  for (let at = 0; at < PREFIX.length; at++) if (line[at] !== PREFIX[at]) return undefined;
  let crc = 0;
  for (let at = PREFIX.length; at < PREFIX.length + DIGITS; at++) {
    const digit = hexDigit(line[at] ?? 0);
    if (digit < 0) return undefined;
    crc = crc * 16 + digit;
  }
  return line[REST_OFFSET - 2] === QUOTE && line[REST_OFFSET - 1] === COMMA ? crc : undefined;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x61 + 10;
  return -1;
}
