import { createHash } from "node:crypto";

import {
  portableBodies,
  portableCheckpoint,
  portableCommand,
  type PortableEnd,
  portableEnd,
  type PortableHeader,
  portableOutput,
  type PortableSession,
  portableSession,
} from "../../protocol/portableFile.js";
import { parseLine, PortableFault } from "../../protocol/portableLine.js";
import type { SessionConfigShape } from "../../protocol/types.js";
import type { MessageBody } from "../bodyOf.js";
import { isSeenIn } from "../read/messages.js";
import { CheckpointLines } from "./checkpointLines.js";
import { CommandLines, type CommandPlace } from "./commandLines.js";
import { type AnyPortableKind, PORTABLE_KINDS } from "./kinds.js";
import { headerOf, kindOf } from "./portableHead.js";
import type { PortableRead } from "./portableSession.js";
import { StagedSession, type StagingPlace } from "./stagedSession.js";

/** All kinds of lines behind the session, in the order in which they stand in a file. */
const KINDS: readonly string[] = [
  ...PORTABLE_KINDS.map(({ name }) => name),
  "checkpoint",
  "command",
  "output",
];

/** What a file meets where it is read. */
export interface ReadingPlace {
  readonly staging: StagingPlace;
  readonly commands: CommandPlace;
  /** The settings of a session that says nothing about them. */
  readonly defaults: SessionConfigShape;
}

/** One file being read, line by line. */
export class PortableReading {
  /** Of the line that is being read, from 1. */
  lineNumber = 0;
  readonly folder: StagedSession;
  readonly #place: ReadingPlace;
  readonly #hash = createHash("sha256");
  readonly #lines: Record<string, number> = Object.fromEntries(KINDS.map((name) => [name, 0]));
  #header: PortableHeader | undefined;
  #session: PortableSession | undefined;
  #end: PortableEnd | undefined;
  #kindAt = 0;
  #lastIndex = 0;
  #seen = 0;
  readonly #invocations = { succeeded: 0, failed: 0, cancelled: 0, abandoned: 0 };
  #checkpoints: CheckpointLines | undefined;
  readonly #commands: CommandLines;

  constructor(place: ReadingPlace) {
    this.#place = place;
    this.folder = new StagedSession(place.staging);
    this.#commands = new CommandLines(place.commands);
  }

  async take(line: Buffer): Promise<void> {
    this.lineNumber += 1;
    if (this.#end !== undefined) throw this.#fault("something stands behind the last line");
    if (this.#header === undefined) this.#header = headerOf(line);
    else if (this.#session === undefined) this.#session = this.#sessionOf(line);
    else {
      const kind = kindOf(line);
      if (kind === "end") return this.#close(line);
      await this.#takeKind(kind, line, this.#session);
    }
    this.#hash.update(line).update("\n");
  }

  async finish(): Promise<PortableRead> {
    const session = this.#session;
    if (session === undefined || this.#end === undefined) {
      throw this.#fault("the file ends there, and its last line with the checksum is missing");
    }
    await this.folder.seal();
    const staged = this.folder.token;
    return {
      session,
      folder: this.folder,
      staged,
      activities: this.#lines["activity"] ?? 0,
      messages: this.#seen,
      invocations: this.#invocations,
      checkpoints: this.#checkpoints?.entries(staged) ?? [],
      executions: this.#commands.executions(this.#exportedAt),
      ignored: this.#ignored(session),
      renamedCommands: this.#commands.renamed,
    };
  }

  /** When the file was written: what ran then is over from that time on. */
  get #exportedAt(): string {
    return this.#header?.exportedAt ?? "";
  }

  #ignored({ withheld }: PortableSession): string[] {
    const { dropped } = this.#commands;
    const ofCheckpoints = [...(this.#checkpoints?.withheld ?? [])];
    return [
      ...withheld.map((name) => `environment.${name}`),
      ...ofCheckpoints.map((name) => `checkpoints.environment.${name}`),
      ...(dropped > 0 ? [`the oldest commands (${dropped})`] : []),
    ];
  }

  #sessionOf(line: Buffer): PortableSession {
    const session = parseLine(portableSession, line, this.lineNumber);
    if (session.sessionId !== this.#header?.sessionId)
      throw this.#fault(`sessionId: it is "${session.sessionId}", and the first line says otherwise`);
    return session;
  }

  async #takeKind(name: string | undefined, line: Buffer, session: PortableSession): Promise<void> {
    const at = name === undefined ? -1 : KINDS.indexOf(name);
    if (name === undefined || at < 0) throw this.#fault("it is none of the kinds of lines that there are");
    if (at < this.#kindAt) throw this.#fault(`a line of kind "${name}" comes too late`);
    this.#kindAt = at;
    const number = (this.#lines[name] ?? 0) + 1;
    const kind = PORTABLE_KINDS[at];
    if (kind !== undefined) await this.#takeBody(kind, line, number, session);
    else if (name === "checkpoint") await this.#takeCheckpoint(line, session);
    else if (name === "command") this.#takeCommand(line);
    else await this.#takeOutput(line);
    this.#lines[name] = number;
  }

  async #takeBody(
    kind: AnyPortableKind,
    line: Buffer,
    number: number,
    session: PortableSession,
  ): Promise<void> {
    const counted = kind.countOf(session);
    if (number > counted)
      throw this.#fault(`the session has counted ${counted} of kind "${kind.name}", and no more`);
    // Below zero, so that whatever comes later stands behind it.
    const found = parseLine(portableBodies[kind.name], line, this.lineNumber);
    const body = kind.toBody(found, number - 1 - counted, this.#exportedAt);
    if ("fault" in body) throw this.#fault(body.fault);
    if (kind.of === "conversation") this.#countMessage(body as MessageBody, session);
    if ("status" in body && body.status !== "running") this.#invocations[body.status] += 1;
    await this.folder.addBody(kind.of, body);
  }

  async #takeCheckpoint(line: Buffer, { conversation }: PortableSession): Promise<void> {
    this.#checkpoints ??= new CheckpointLines(conversation, this.#place.defaults);
    const taken = this.#checkpoints.take(parseLine(portableCheckpoint, line, this.lineNumber));
    if ("fault" in taken) throw this.#fault(taken.fault);
    await this.folder.addCheckpoint(taken);
  }

  #takeCommand(line: Buffer): void {
    const fault = this.#commands.take(parseLine(portableCommand, line, this.lineNumber));
    if (fault !== undefined) throw this.#fault(fault);
  }

  async #takeOutput(line: Buffer): Promise<void> {
    const taken = this.#commands.takeOutput(parseLine(portableOutput, line, this.lineNumber));
    if (taken !== undefined && "fault" in taken) throw this.#fault(taken.fault);
    if (taken !== undefined) await this.folder.addOutput(taken);
  }

  #countMessage(message: MessageBody, { conversation }: PortableSession): void {
    const { index } = message;
    if (index <= this.#lastIndex || index > conversation.appended)
      throw this.#fault(`index: ${index} does not come after ${this.#lastIndex}, or is too large`);
    this.#lastIndex = index;
    if (isSeenIn(conversation)?.(message) ?? true) this.#seen += 1;
  }

  #close(line: Buffer): void {
    this.#end = parseLine(portableEnd, line, this.lineNumber);
    const { lines, sha256 } = this.#end;
    if (sha256 !== this.#hash.digest("hex"))
      throw this.#fault("the checksum is another one than that of the lines before: the file is damaged");
    for (const [name, count] of Object.entries(lines)) {
      if (this.#lines[name] !== count)
        throw this.#fault(`lines: "${name}" is ${count}, and there are others`);
    }
  }

  #fault(what: string): PortableFault {
    return new PortableFault(this.lineNumber, what);
  }
}
