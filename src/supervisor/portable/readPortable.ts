import { createHash } from "node:crypto";

import { PortableLinesError, readPortableLines } from "../../content/portableLines.js";
import type { StagedBodies } from "../../content/bodyStore.js";
import {
  PORTABLE_VERSION,
  type PortableEnd,
  portableBodies,
  portableEnd,
  portableHead,
  type PortableHeader,
  portableHeader,
  type PortableSession,
  portableSession,
} from "../../protocol/portableFile.js";
import type { Bodies } from "../bodies.js";
import type { MessageBody } from "../bodyOf.js";
import { isSeenIn } from "../read/messages.js";
import type { FoundBodies } from "./portableSession.js";
import { parseLine, PortableFault } from "../../protocol/portableLine.js";
import { PORTABLE_KINDS } from "./kinds.js";

/** More than the longest that is written: a message of full length, each character of which takes six. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** A file that was read to its end and is as it was written. */
export interface PortableRead extends FoundBodies {
  readonly session: PortableSession;
  /** What it had of bodies; undefined where there were none. Whoever has it seals nothing more, and may discard it. */
  readonly folder: StagedBodies | undefined;
}

/** The first line of a file; undefined where it is none that holds a whole session. */
export async function readPortableHeader(path: string): Promise<PortableHeader | undefined> {
  for await (const [line] of readPortableLines(path, { maxLineBytes: MAX_LINE_BYTES })) {
    if (line === undefined || !looksPortable(line)) return undefined;
    return headerOf(line);
  }
  return undefined;
}

/**
 * Reads a file to its end, puts its bodies into a staged folder on the way, and holds everything against what its last
 * line says.
 *
 * @throws {PortableFault} where it is damaged or newer: what, and in which line. Nothing is left then.
 */
export async function readPortable(
  path: string,
  options: {
    readonly bodies: Pick<Bodies, "stage">;
    readonly onRead: (readBytes: number, sizeBytes: number) => void;
  },
): Promise<PortableRead> {
  const reading = new Reading(options.bodies);
  try {
    const blocks = readPortableLines(path, { maxLineBytes: MAX_LINE_BYTES, onRead: options.onRead });
    for await (const lines of blocks) for (const line of lines) await reading.take(line);
    return await reading.finish();
  } catch (error) {
    await reading.folder?.discard();
    if (error instanceof PortableLinesError) throw new PortableFault(reading.lineNumber, error.message);
    throw error;
  }
}

/** Whether a line is the first one of such a file, of whatever version. */
function looksPortable(line: Buffer): boolean {
  try {
    return portableHead.safeParse(JSON.parse(line.toString())).success;
  } catch {
    return false;
  }
}

/** @throws {PortableFault} where it is of a later version, or not as it was written */
function headerOf(line: Buffer): PortableHeader {
  const { version } = parseLine(portableHead, line, 1);
  if (version > PORTABLE_VERSION) {
    const found = `it is of version ${version} of the format, and this sessiond reads up to ${PORTABLE_VERSION}`;
    throw new PortableFault(1, `${found}: import it with a newer one`);
  }
  return parseLine(portableHeader, line, 1);
}

/** One file being read, line by line. */
class Reading {
  /** Of the line that is being read, from 1. */
  lineNumber = 0;
  folder: StagedBodies | undefined;
  readonly #bodies: Pick<Bodies, "stage">;
  readonly #hash = createHash("sha256");
  readonly #lines: Record<string, number> = Object.fromEntries(PORTABLE_KINDS.map(({ name }) => [name, 0]));
  #header: PortableHeader | undefined;
  #session: PortableSession | undefined;
  #end: PortableEnd | undefined;
  #kindAt = 0;
  #lastIndex = 0;
  #seen = 0;
  readonly #invocations = { succeeded: 0, failed: 0, cancelled: 0, abandoned: 0 };

  constructor(bodies: Pick<Bodies, "stage">) {
    this.#bodies = bodies;
  }

  async take(line: Buffer): Promise<void> {
    this.lineNumber += 1;
    if (this.#end !== undefined) throw this.#fault("something stands behind the last line");
    if (this.#header === undefined) this.#header = headerOf(line);
    else if (this.#session === undefined) this.#session = this.#sessionOf(line);
    else {
      const kind = kindOf(line);
      if (kind === "end") return this.#close(line);
      await this.#takeBody(kind, line, this.#session);
    }
    this.#hash.update(line).update("\n");
  }

  async finish(): Promise<PortableRead> {
    const session = this.#session;
    if (session === undefined || this.#end === undefined) {
      throw this.#fault("the file ends there, and its last line with the checksum is missing");
    }
    await this.folder?.seal();
    const activities = this.#lines["activity"] ?? 0;
    const staged = this.folder?.token;
    const found = { staged, activities, messages: this.#seen, invocations: this.#invocations };
    return { session, folder: this.folder, ...found };
  }

  #sessionOf(line: Buffer): PortableSession {
    const session = parseLine(portableSession, line, this.lineNumber);
    if (session.sessionId !== this.#header?.sessionId)
      throw this.#fault(`sessionId: it is "${session.sessionId}", and the first line says otherwise`);
    return session;
  }

  async #takeBody(name: string | undefined, line: Buffer, session: PortableSession): Promise<void> {
    const at = PORTABLE_KINDS.findIndex((kind) => kind.name === name);
    const kind = PORTABLE_KINDS[at];
    if (kind === undefined) throw this.#fault("it is none of the kinds of lines that there are");
    if (at < this.#kindAt) throw this.#fault(`a line of kind "${kind.name}" comes too late`);
    this.#kindAt = at;
    const number = (this.#lines[kind.name] ?? 0) + 1;
    const counted = kind.countOf(session);
    if (number > counted)
      throw this.#fault(`the session has counted ${counted} of kind "${kind.name}", and no more`);
    this.#lines[kind.name] = number;
    // Below zero, so that whatever comes later stands behind it.
    const body = kind.toBody(
      parseLine(portableBodies[kind.name], line, this.lineNumber),
      number - 1 - counted,
    );
    if ("fault" in body) throw this.#fault(body.fault);
    if (kind.of === "conversation") this.#countMessage(body as MessageBody, session);
    if ("status" in body && body.status !== "running") this.#invocations[body.status] += 1;
    this.folder ??= await this.#bodies.stage();
    await this.folder.add(kind.of, body);
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

/** The kind of a line, looked at before the line is: what is wrong with it is told by who knows the kind. */
function kindOf(line: Buffer): string | undefined {
  return /^\{"line":"([a-z]+)"[,}]/.exec(line.subarray(0, 64).toString("latin1"))?.[1];
}
