import { InvalidValueError } from "./invalidValue.js";

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZE = /^(\d+)([KMGT]?)(?:i?B)?$/i;
const DURATION = /^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)?$/;

/** Reads a whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidValueError(`It has to be a whole number, ${least} or more.`);
  };
}

/** Reads a duration: `500ms`, `30s`, `5m`, `1h`; a number alone means seconds, as it does for `timeout(1)`. */
export function durationMs(text: string): number {
  const [, number, unit = "s"] = DURATION.exec(text) ?? [];
  const ms = Number(number) * UNITS_MS[unit as keyof typeof UNITS_MS];
  if (Number.isSafeInteger(Math.round(ms)) && ms >= 1) return Math.round(ms);
  throw new InvalidValueError("It has to be a duration such as 500ms, 30s, 5m or 1h.");
}

/** Reads a size: `4096`, `512K`, `64M`, `2G`, in bytes and powers of 1,024. */
export function sizeBytes(text: string): number {
  const [, number, unit = ""] = SIZE.exec(text) ?? [];
  const bytes = Number(number) * 1_024 ** ["", "K", "M", "G", "T"].indexOf(unit.toUpperCase());
  if (Number.isSafeInteger(bytes) && bytes >= 1) return bytes;
  throw new InvalidValueError("It has to be a size such as 4096, 512K, 64M or 2G.");
}

/** Reads a duration, or `never`, which is 0. */
export function durationOrNeverMs(text: string): number {
  return text === "never" ? 0 : durationMs(text);
}

/** Collects an option that may be given more than once. */
export function collect(text: string, before: unknown): string[] {
  return [...(Array.isArray(before) ? (before as string[]) : []), text];
}

/** Collects types of events: `session/ended`, or a namespace with a star. */
export function eventTypes(text: string, before: unknown): string[] {
  if (/^[a-z]+\/([a-z_]+|\*)$/.test(text)) return collect(text, before);
  throw new InvalidValueError("It has to be a type such as session/ended or command/*.");
}
