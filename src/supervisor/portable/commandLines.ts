import { randomUUID } from "node:crypto";

import type { OutputStream } from "../../content/bodyStore.js";
import type { PortableCommand, PortableOutput } from "../../protocol/portableFile.js";
import type { ImportedExecution } from "../../session/events.js";
import { type Execution, isOver } from "../../session/state.js";
import { freeIdLike } from "../freeId.js";
import { showTime, withoutUndefined } from "../show/session.js";

/** A command as its line in a file has it: without what its processes are known by, which is worth nothing elsewhere. */
export function lineOfCommand(execution: Execution): object {
  const {
    sessionId: _,
    createdSeq: __,
    token: ___,
    process: ____,
    stalled: _____,
    nextAttemptAt: ______,
    openStdin: _______,
    ...same
  } = execution;
  const { createdAt, startedAt, endedAt } = execution;
  return {
    line: "command",
    ...withoutUndefined({
      ...same,
      createdAt: showTime(createdAt),
      startedAt: startedAt === undefined ? undefined : showTime(startedAt),
      endedAt: endedAt === undefined ? undefined : showTime(endedAt),
    }),
  };
}

/** What the commands of a file meet here. */
export interface CommandPlace {
  /** Commands of one session that are remembered. */
  readonly keepPerSession: number;
  /** Whether a command has that id here. */
  isTaken(commandId: string): boolean;
}

/** Characters of the commands that one record takes. */
const COMMANDS_LENGTH = 16 * 1024 * 1024;

interface Kept {
  readonly line: PortableCommand;
  /** The id that it gets here. */
  readonly commandId: string;
  /** Where it stands in the file. */
  readonly position: number;
  readonly length: number;
  /** How much of its output there was. */
  readonly bytes: Record<OutputStream, number>;
}

/** A piece of output, and whose it is here. */
export interface TakenOutput {
  readonly commandId: string;
  readonly stream: OutputStream;
  readonly bytes: Buffer;
}

/** The commands of one file, as they are read: the newest of them, where there are more than are remembered here. */
export class CommandLines {
  readonly #place: CommandPlace;
  /** By the ids in the file, oldest first. */
  readonly #kept = new Map<string, Kept>();
  readonly #ids = new Set<string>();
  #length = 0;
  #count = 0;
  /** The stream that is being read: those of the file count up. */
  #streamAt = 0;

  constructor(place: CommandPlace) {
    this.#place = place;
  }

  /** How many older ones there were that are not remembered here. */
  get dropped(): number {
    return this.#count - this.#kept.size;
  }

  /** How many have another id here. */
  get renamed(): number {
    return [...this.#kept].filter(([before, { commandId }]) => before !== commandId).length;
  }

  /** Takes a command; answers what is wrong with it, if anything. */
  take(line: PortableCommand): string | undefined {
    const { commandId: before } = line;
    if (this.#kept.has(before)) return `commandId: "${before}" was in another line`;
    if (isOver(line.status) !== (line.endedAt !== undefined))
      return "endedAt: it does not go with its status";
    const commandId = this.#freeId(before);
    const length = JSON.stringify(line).length;
    this.#count += 1;
    this.#ids.add(commandId);
    const bytes = { stdout: 0, stderr: 0 };
    this.#kept.set(before, { line, commandId, position: this.#count, length, bytes });
    this.#length += length;
    this.#dropOldest();
    return undefined;
  }

  /** Takes a piece of output: undefined where nobody here remembers its command. */
  takeOutput(line: PortableOutput): TakenOutput | { readonly fault: string } | undefined {
    const { stream, from } = line;
    const kept = this.#kept.get(line.commandId);
    if (kept === undefined)
      return this.dropped > 0 ? undefined : { fault: `commandId: there is no command "${line.commandId}"` };
    const streamAt = kept.position * 2 + (stream === "stderr" ? 1 : 0);
    if (streamAt < this.#streamAt) return { fault: `stream: the ${stream} of this command comes too late` };
    this.#streamAt = streamAt;
    if (from !== kept.bytes[stream])
      return { fault: `from: it is ${from}, and ${kept.bytes[stream]} bytes came before` };
    const bytes = Buffer.from(line.base64, "base64");
    if (bytes.toString("base64") !== line.base64) return { fault: "base64: it is none" };
    kept.bytes[stream] += bytes.length;
    return { commandId: kept.commandId, stream, bytes };
  }

  /** All that are kept, over by now: what ran when the file was written did not run here. */
  executions(exportedAt: string): ImportedExecution[] {
    return [...this.#kept.values()].map((kept) => executionOf(kept, exportedAt));
  }

  #freeId(before: string): string {
    const isFree = (id: string): boolean => !this.#ids.has(id) && !this.#place.isTaken(id);
    return isFree(before) ? before : freeIdLike(before, isFree);
  }

  #dropOldest(): void {
    for (const [before, { commandId, length }] of this.#kept) {
      const isTooMany = this.#kept.size > this.#place.keepPerSession || this.#length > COMMANDS_LENGTH;
      if (!isTooMany) return;
      this.#kept.delete(before);
      this.#ids.delete(commandId);
      this.#length -= length;
    }
  }
}

function executionOf({ line, commandId, bytes }: Kept, exportedAt: string): ImportedExecution {
  const { name, argv, cwd, limits, retry, status, attempt, cancelled, startedAt } = line;
  const { exitCode, signal, cause, error, stdoutBytes, stderrBytes } = line;
  const { holding, refusedForks, supervision, mergeStderr } = line;
  const outcome = isOver(status)
    ? { status, exitCode, signal, cause, error, stdoutBytes, stderrBytes }
    : { ...LOST, stdoutBytes: bytes.stdout, stderrBytes: bytes.stderr };
  return {
    commandId,
    name,
    argv,
    cwd,
    // No process has it: nothing that runs here is taken for one of this command.
    token: randomUUID(),
    limits,
    holding,
    refusedForks,
    supervision,
    mergeStderr,
    retry,
    attempt,
    cancelled,
    ...outcome,
    createdAt: Date.parse(line.createdAt),
    startedAt: startedAt === undefined ? undefined : Date.parse(startedAt),
    endedAt: Date.parse(line.endedAt ?? exportedAt),
  };
}

/** It went on in another daemon, and how it ended is not known in this one: as after a daemon that is gone. */
const LOST = {
  status: "lost",
  cause: "daemon_lost",
  exitCode: undefined,
  signal: undefined,
  error: "It had not ended when its session was exported; what became of it then is not known here.",
} as const;
