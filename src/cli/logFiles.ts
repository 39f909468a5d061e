import { open, readdir, readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const NAME = /^(?:sessiond|session)\.(\d{4}-\d{2}-\d{2})\.(\d+)\.log$/;
const SESSION_LINK = /^session_(.+)\.log$/;
const NEWLINE = 0x0a;
const READ_BYTES = 64 * 1_024;
const LOOK_EVERY_MS = 150;

/** A place in the log: everything before it was read. */
export interface LogPosition {
  readonly file: string;
  readonly offsetBytes: number;
}

/** The path that always leads to the live file of the daemon's log. */
export function logLink(logDir: string): string {
  return join(logDir, "sessiond.log");
}

/**
 * The same of sessions' own logs: of the one with this id, else of those whose ids begin so. There is none where a
 * session never wrote, or was archived or deleted.
 */
export async function sessionLogLinks(logDir: string, given: string): Promise<string[]> {
  const names = (await readdir(logDir)).filter((name) => SESSION_LINK.exec(name)?.[1]?.startsWith(given));
  const exact = names.filter((name) => SESSION_LINK.exec(name)?.[1] === given);
  return (exact.length > 0 ? exact : names).map((name) => join(logDir, name));
}

/** The files of a log, oldest first: of the daemon's, or of the one that a link leads to. */
export async function logFiles(logDir: string, link?: string): Promise<string[]> {
  const folder = link === undefined ? await realpath(join(logDir, "daemon")) : dirname(await realpath(link));
  const files = (await readdir(folder)).flatMap((name) => {
    const [, date, number] = NAME.exec(name) ?? [];
    return date === undefined ? [] : [{ path: join(folder, name), date, number: Number(number) }];
  });
  files.sort((a, b) => a.date.localeCompare(b.date) || a.number - b.number);
  return files.map(({ path }) => path);
}

/**
 * The last `count` lines that are wanted, in the order in which they were written, over as many files as it takes;
 * and where the log goes on.
 */
export async function lastLines(
  files: readonly string[],
  count: number,
  isWanted: (line: string) => boolean,
): Promise<{ readonly lines: string[]; readonly position: LogPosition }> {
  // Put together at the end: as arguments of a call so many lines might not fit on the stack.
  const newestFirst: string[][] = [];
  let left = count;
  const newest = files.at(-1) ?? "";
  let offsetBytes = 0;
  for (const file of files.toReversed()) {
    const content = await readFile(file);
    // A line that is just being written is not one yet.
    const end = content.lastIndexOf(NEWLINE) + 1;
    if (file === newest) offsetBytes = end;
    if (left <= 0) break;
    const wanted = content
      .subarray(0, end)
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "" && isWanted(line))
      .slice(-left);
    newestFirst.push(wanted);
    left -= wanted.length;
  }
  return { lines: newestFirst.toReversed().flat(), position: { file: newest, offsetBytes } };
}

/** The lines behind a position as they come, for ever, from one file into the next when the log is rolled. */
export async function* followLog(
  logDir: string,
  from: LogPosition,
  link?: string,
): AsyncGenerator<string, void, undefined> {
  let { file, offsetBytes } = from;
  for (;;) {
    // Asked before the file is read: what is written to it before the log goes on elsewhere must not be missed.
    const live = await realpath(link ?? logLink(logDir)).catch(() => file);
    for await (const { line, endsAtBytes } of linesFrom(file, offsetBytes)) {
      offsetBytes = endsAtBytes;
      yield line;
    }
    if (live === file) {
      await delay(LOOK_EVERY_MS);
      continue;
    }
    const files = await logFiles(logDir, link);
    // A file that is no longer there was removed as too old: then the oldest that is left comes next.
    file = files[files.indexOf(file) + 1] ?? live;
    offsetBytes = 0;
  }
}

/** The finished lines of a file from an offset on; none when it is gone. */
async function* linesFrom(
  path: string,
  offsetBytes: number,
): AsyncGenerator<{ readonly line: string; readonly endsAtBytes: number }, void, undefined> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return;
  try {
    let begunBytes = Buffer.alloc(0);
    let at = offsetBytes;
    for (;;) {
      const { bytesRead, buffer } = await file.read(
        Buffer.alloc(READ_BYTES),
        0,
        READ_BYTES,
        at + begunBytes.length,
      );
      if (bytesRead === 0) return;
      let rest = Buffer.concat([begunBytes, buffer.subarray(0, bytesRead)]);
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
        at += end + 1;
        yield { line: rest.subarray(0, end).toString("utf8"), endsAtBytes: at };
        rest = rest.subarray(end + 1);
      }
      begunBytes = rest;
    }
  } finally {
    await file.close();
  }
}
