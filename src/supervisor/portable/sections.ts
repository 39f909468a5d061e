import { RefusalError } from "../../protocol/errors.js";
import { LIMITS } from "../../protocol/limits.js";
import type { PortableOutput } from "../../protocol/portableFile.js";
import type { CheckpointValue, Execution, Session } from "../../session/state.js";
import { isOver } from "../../session/state.js";
import { runningIn } from "../read/invocations.js";
import { mustBeThere, readBodies } from "../readBodies.js";
import type { Supervisor } from "../supervisor.js";
import { lineOfCheckpoint } from "./checkpointLines.js";
import { lineOfCommand } from "./commandLines.js";
import { PORTABLE_KINDS } from "./kinds.js";

/** The lines of one kind in a file. */
export interface Section {
  /** What they are called. */
  readonly name: string;
  /** How many there should be. */
  readonly total: number;
  /** Those that can be read, a page at a time; none of the pages is empty. */
  pages(): AsyncIterable<readonly object[]> | Iterable<readonly object[]>;
}

/** What is read of a supervisor. */
export type SectionSource = Pick<
  Supervisor,
  "session" | "bodies" | "journal" | "checkpoints" | "registry" | "runner"
>;

/** How large the pieces are in which output is read and written. */
const PIECE_BYTES = LIMITS.outputBytes;

/**
 * All that stands behind the session in its file, in that order, of the tick of the call: what comes in during the
 * reading is not in it. The output of a command that still runs is that of a moment during it.
 */
export async function sectionsOf(
  source: SectionSource,
  session: Session,
  includeSecrets: boolean,
): Promise<Section[]> {
  const upToSeq = source.journal.committed;
  const bodies = PORTABLE_KINDS.map((kind): Section => {
    const toLine = (body: object): object => ({ line: kind.name, ...kind.toLine(body) });
    const running = kind.of === "invocations" ? runningIn(source, session.sessionId) : [];
    const pages = async function* (): AsyncGenerator<object[]> {
      for await (const page of readBodies(source, session, { kind: kind.of, upToSeq }))
        yield page.map(toLine);
      yield* running.map((body) => [toLine(body)]);
    };
    return { name: kind.name, total: kind.countOf(session), pages };
  });
  const commands = source.registry.executionsOf(session.sessionId);
  return [
    ...bodies,
    {
      name: "checkpoint",
      total: session.checkpoints.length,
      pages: () => checkpointPages(source, session, includeSecrets),
    },
    {
      name: "command",
      total: commands.length,
      pages: () => commandPages(commands),
    },
    {
      name: "output",
      total: await piecesIn(source, session, commands),
      pages: () => outputPages(source, session, commands),
    },
  ];
}

async function* checkpointPages(
  source: SectionSource,
  session: Session,
  includeSecrets: boolean,
): AsyncGenerator<object[]> {
  for (const entry of session.checkpoints) {
    const read = await source.checkpoints.read(session, entry);
    mustBeThere(source, session);
    if ("value" in read) yield [lineOfCheckpoint(entry, read.value as CheckpointValue, includeSecrets)];
  }
}

/** One by one: the line of a command may be long. */
function* commandPages(commands: readonly Execution[]): Generator<object[]> {
  for (const command of commands) yield [lineOfCommand(command)];
}

/** How many pieces the output of all commands comes to; of those that are over it is known, whatever their files say. */
async function piecesIn(
  source: SectionSource,
  session: Session,
  commands: readonly Execution[],
): Promise<number> {
  let pieces = 0;
  for (const { commandId, status, stdoutBytes = 0, stderrBytes = 0 } of commands) {
    const known = { stdoutBytes, stderrBytes };
    const sizes = isOver(status) ? known : await source.runner.outputSizes(session, commandId);
    pieces += Math.ceil(sizes.stdoutBytes / PIECE_BYTES) + Math.ceil(sizes.stderrBytes / PIECE_BYTES);
  }
  return pieces;
}

async function* outputPages(
  source: SectionSource,
  session: Session,
  commands: readonly Execution[],
): AsyncGenerator<[PortableOutput]> {
  for (const { commandId } of commands) {
    for (const stream of ["stdout", "stderr"] as const) {
      for await (const { from, bytes } of piecesOf(source, session, commandId, stream))
        yield [{ line: "output", commandId, stream, from, base64: bytes.toString("base64") }];
    }
  }
}

/** What a stream had when it was first looked at; up to where it is damaged. */
async function* piecesOf(
  source: SectionSource,
  session: Session,
  commandId: string,
  stream: PortableOutput["stream"],
): AsyncGenerator<{ readonly from: number; readonly bytes: Buffer }> {
  let end = Number.POSITIVE_INFINITY;
  for (let from = 0; from < end;) {
    const limitBytes = Math.min(PIECE_BYTES, end - from);
    const piece = await source.runner
      .readOutput(session, commandId, { stream, sinceBytes: from, limitBytes })
      .catch(undefinedIfDamaged);
    mustBeThere(source, session);
    if (piece === undefined || piece.bytes.length === 0) return;
    end = Math.min(end, piece.sizeBytes);
    yield { from, bytes: piece.bytes };
    from += piece.bytes.length;
  }
}

function undefinedIfDamaged(error: unknown): undefined {
  if (!(error instanceof RefusalError) || error.refusal.type !== "content_damaged") throw error;
  return undefined;
}
