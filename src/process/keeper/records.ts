import { constants } from "node:os";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import type { Ending } from "../supervised.js";

/** What a keeper has told of its command, on its socket or in its files; see README.md. */
export interface Records {
  started?: { readonly pid: number; readonly startTicks: number; readonly isHeld: boolean };
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
    const [pid = 0, startTicks = 0] = numbers;
    records.started = { pid, startTicks, isHeld: words[3] === "held" };
  } else if (kind === "failed") records.failed = { stage: words[0] ?? "", errno: numbers[1] ?? 0 };
  else if (kind === "ended") records.ended = ending(words, numbers);
}

function ending([how, , cause]: readonly string[], [, number = 0, , endedAtMs]: readonly number[]): Ending {
  return {
    exitCode: how === "exit" ? number : null,
    signal: how === "exit" ? null : (SIGNAL_NAMES.get(number) ?? `SIG${number}`),
    ...(cause === "exited" ? {} : { cause }),
    endedAtMs,
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
  return records;
}

/** Whether somebody has, or had, the command. */
export async function isClaimed(folder: string): Promise<boolean> {
  return stat(join(folder, "claim")).then(
    () => true,
    (error: unknown) => emptyIfMissing(error) !== "",
  );
}

function emptyIfMissing(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  return "";
}
