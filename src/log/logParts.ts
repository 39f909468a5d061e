import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../disk/operations.js";
import { byAge, parseName } from "./prune.js";

/** One file of a log. */
export interface LogPart {
  readonly path: string;
  /** The day on which it was begun, as `yyyymmdd`; 0 for one that was archived, which is older than all others. */
  readonly day: number;
  readonly number: number;
}

/** A place in a log, whole over all of its files. */
export interface LogPosition {
  readonly day: number;
  readonly number: number;
  readonly offset: number;
}

/** Where the files of a log lie. */
export interface LogSource {
  /** The folder of the files that are written. */
  readonly folder: string;
  /** First part of their names. */
  readonly name: string;
  /** The folder of what was compressed. */
  readonly archive?: string;
}

const ARCHIVED = /^(?<number>\d{4,})\.log\.gz$/;

/** Name of the compressed file of that number. */
export function archivedName(number: number): string {
  return `${String(number).padStart(4, "0")}.log.gz`;
}

/** The files of a log, oldest first; none where there is no folder. */
export async function logParts({ folder, name, archive }: LogSource): Promise<LogPart[]> {
  return [...(archive === undefined ? [] : await archivedParts(archive)), ...(await liveParts(folder, name))];
}

/** The files that were compressed, oldest first. */
export async function archivedParts(archive: string): Promise<LogPart[]> {
  const numbers = (await namesIn(archive)).flatMap((file) => {
    const number = ARCHIVED.exec(file)?.groups?.["number"];
    return number === undefined ? [] : [Number(number)];
  });
  numbers.sort((a, b) => a - b);
  return numbers.map((number) => ({ path: join(archive, archivedName(number)), day: 0, number }));
}

/** The files that are or were written, oldest first: the last is the live one. */
export async function liveParts(folder: string, name: string): Promise<LogPart[]> {
  const files = (await namesIn(folder)).flatMap((file) => parseName(file));
  return files
    .filter((file) => file.name === name)
    .sort(byAge)
    .map(({ file, date, number }) => ({
      path: join(folder, file),
      day: Number(date.replaceAll("-", "")),
      number,
    }));
}

/** Orders files and places by age. */
export function comparePlaces(a: Omit<LogPosition, "offset">, b: Omit<LogPosition, "offset">): number {
  return a.day - b.day || a.number - b.number;
}

/** A log that is gone, or whose folder is something else, has no files: that is no reason to fail. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
