import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { removeFile } from "../disk/remove.js";

const NAME = /^(?<name>.+)\.(?<date>\d{4}-\d{2}-\d{2})\.(?<number>\d+)\.log$/;

/** A file of a log, with what its name says about when it was begun. */
export interface LogFile {
  file: string;
  name: string;
  date: string;
  number: number;
}

/** What the name of a file says; nothing for a file that is none of a log. */
export function parseName(file: string): LogFile[] {
  const { name = "", date = "", number = "" } = NAME.exec(file)?.groups ?? {};
  return name === "" ? [] : [{ file, name, date, number: Number(number) }];
}

/** Orders files of one log, oldest first. Not by `localeCompare`, which loads the rules of all languages. */
export function byAge(a: LogFile, b: LogFile): number {
  if (a.date !== b.date) return a.date < b.date ? -1 : 1;
  return a.number - b.number;
}

/**
 * Removes the oldest files of the log that `live` belongs to, until `keepFiles` are left, the live one included.
 * Only files older than it are looked at: a later one may be about to become the live one.
 *
 * pino-roll's own limit is not used because it looks at the files only when it rolls, and a daemon that is
 * started every morning would never do that.
 */
export async function pruneLogFiles(live: string, keepFiles: number): Promise<void> {
  const [current] = parseName(basename(live));
  if (current === undefined) return;
  const files = (await readdir(dirname(live))).flatMap(parseName);
  const older = files.filter((file) => file.name === current.name && byAge(file, current) < 0).sort(byAge);
  const tooMany = older.length + 1 - keepFiles;
  for (const { file } of older.slice(0, Math.max(0, tooMany))) await removeFile(join(dirname(live), file));
}
