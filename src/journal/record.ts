import { parseCheckedLine, REST_OFFSET } from "../disk/checkedLine.js";
import type { ContentText, RecordBody, StoredRecord } from "./types.js";

/** `"seq":` and `,"durable":`, which every record begins with. */
const SEQ_KEY = Buffer.from('"seq":');
const DURABLE_KEY = Buffer.from(',"durable":');
const COMMA = 0x2c;

/** Key and events as JSON.stringify has them. */
const stringifyContent: ContentText = ({ key, events }) => JSON.stringify({ key, events }).slice(1);

/** The part of a record's line that its caller decides. */
export function formatBody(body: RecordBody, contentText = stringifyContent): string {
  const { at, up, events } = body;
  if (!Number.isSafeInteger(at)) throw new TypeError(`A record's "at" is not a whole number: ${at}`);
  if (!Number.isFinite(up)) throw new TypeError(`A record's "up" is not a number: ${up}`);
  if (events.length === 0) throw new TypeError("A record has no event.");
  // In the order of the format. A key that is undefined is left out.
  return `"at":${at},"up":${up},${contentText(body)}`;
}

/** What the record's crc covers. */
export function formatRest(seq: number, durable: number, body: string): string {
  return `"seq":${seq},"durable":${durable},${body}`;
}

/** Where a record stands and what it claims. */
export interface RecordPosition {
  readonly seq: number;
  /** Everything up to here was durable when the record was written. */
  readonly durable: number;
}

/**
 * Reads a record's position off its bytes, without parsing or checking the line: records below a snapshot are
 * only checked, and lines behind a torn one are only asked what they claim. Undefined if this is no record.
 */
export function readPosition(line: Uint8Array): RecordPosition | undefined {
  const seqAt = skip(line, REST_OFFSET, SEQ_KEY);
  const seqEnd = endOfDigits(line, seqAt);
  const durableAt = skip(line, seqEnd, DURABLE_KEY);
  const durableEnd = endOfDigits(line, durableAt);
  if (durableEnd < 0 || line[durableEnd] !== COMMA) return undefined;
  return { seq: readNumber(line, seqAt, seqEnd), durable: readNumber(line, durableAt, durableEnd) };
}

/** The record in a line that was verified, or undefined if it is not one. */
export function parseRecord(line: Buffer): StoredRecord | undefined {
  const { seq, at, up, key, events } = parseCheckedLine(line);
  if (typeof seq !== "number" || typeof at !== "number" || typeof up !== "number") return undefined;
  if (!Array.isArray(events) || events.length === 0) return undefined;
  return key === undefined ? { seq, at, up, events } : { seq, at, up, key, events };
}

/** Where the key ends, or -1 if it is not there. */
function skip(line: Uint8Array, at: number, key: Uint8Array): number {
  if (at < 0) return -1;
  for (let i = 0; i < key.length; i++) if (line[at + i] !== key[i]) return -1;
  return at + key.length;
}

/** Where the digits at `at` end; -1 if there are none, or too many for a safe integer. */
function endOfDigits(line: Uint8Array, at: number): number {
  if (at < 0) return -1;
  let end = at;
  while (isDigit(line[end])) end++;
  return end > at && end - at <= 16 ? end : -1;
}

function readNumber(line: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + (line[at] ?? 0) - 0x30;
  return value;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
