import { constants } from "node:os";
import { lstat, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import type { Ending } from "../supervised.js";

/** What a keeper has told of its command, on its socket or in its files; see README.md. */
export interface Records {
  /** `startedAtMs` is wall time, epoch milliseconds; `isHeld`: it came into the group that it was to run in. */
  started?: {
    readonly pid: number;
    readonly startTicks: number;
    readonly startedAtMs?: number | undefined;
    readonly isHeld: boolean;
  };
  failed?: { readonly stage: string; readonly errno: number };
  ended?: Ending;
}

const SIGNAL_NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));
/** Two names of one number: the usual one. */
SIGNAL_NAMES.set(constants.signals.SIGABRT, "SIGABRT");
SIGNAL_NAMES.set(constants.signals.SIGIO, "SIGIO");

/** Adds what one line says; a line that says nothing of the kind is passed over. */
export function addLine(records: Records, line: string): void {
  const [kind, ...words] = line.split(" ");
  const numbers = words.map(Number);
  if (kind === "started") {
    const [pid = 0, startTicks = 0, startedAtMs] = numbers;
    records.started = { pid, startTicks, startedAtMs, isHeld: words[3] === "held" };
  } else if (kind === "failed") records.failed = { stage: words[0] ?? "", errno: numbers[1] ?? 0 };
  else if (kind === "ended") records.ended = ending(words, numbers);
}

function ending([how, , cause]: readonly string[], [, number = 0, , endedAtMs]: readonly number[]): Ending {
  return {
    exitCode: how === "exit" ? number : null,
    signal: how === "exit" ? null : (SIGNAL_NAMES.get(number) ?? `SIG${number}`),
    ...(cause === "exited" ? {} : { cause }),
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
  };
}

/** What the files in the folder of a command say. */
export async function readRecords(folder: string): Promise<Records> {
  const records: Records = {};
  for (const name of ["started", "failed", "ended"]) {
    const text = await readFile(join(folder, name), "utf8").catch(emptyIfMissing);
    // One that does not end in a newline is not whole: that comes from a crash of the machine.
    if (text.endsWith("\n")) addLine(records, text.slice(0, -1));
  }
  return withTimes(folder, records);
}

/** With the time of each that does not tell it: sh has no clock of its own, and its files have. */
async function withTimes(folder: string, { started, failed, ended }: Records): Promise<Records> {
  const timeOf = async (name: string): Promise<number> =>
    Math.floor((await stat(join(folder, name))).mtimeMs);
  return {
    ...(failed === undefined ? {} : { failed }),
    ...(started === undefined
      ? {}
      : { started: { ...started, startedAtMs: started.startedAtMs ?? (await timeOf("started")) } }),
    ...(ended === undefined
      ? {}
      : { ended: { ...ended, endedAtMs: ended.endedAtMs ?? (await timeOf("ended")) } }),
  };
}

/** Who has, or had, the command: the keeper, or a script of sh, whose claim is a pipe; undefined where nobody has. */
export async function claimant(folder: string): Promise<"keeper" | "sh" | undefined> {
  try {
    return (await lstat(join(folder, "claim"))).isFIFO() ? "sh" : "keeper";
  } catch (error) {
    emptyIfMissing(error);
    return undefined;
  }
}

function emptyIfMissing(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  return "";
}
