import { createHash } from "node:crypto";

import { compressed } from "../../content/portableLines.js";
import {
  PORTABLE_FORMAT,
  PORTABLE_VERSION,
  type PortableEnd,
  type PortableHeader,
} from "../../protocol/portableFile.js";
import type { Result, ValidParams } from "../../protocol/types.js";
import type { Session } from "../../session/state.js";
import { type ExportSource, writeNewFile } from "../exportSession.js";
import { readBodies } from "../readBodies.js";
import { showTime } from "../show/session.js";
import type { Supervisor } from "../supervisor.js";
import { PORTABLE_KINDS } from "./kinds.js";
import { lineOfSession } from "./portableSession.js";

type Source = ExportSource & Pick<Supervisor, "clock">;

/** Whether a file of that name gets everything of a session, and not the documented shape. */
export function isPortableName(path: string): boolean {
  return /\.jsonl(?:\.gz)?$/.test(path);
}

/**
 * Writes everything of a session as it is durable now into a new file: a line for the session, one for each body, and
 * a checksum over them. They are read page by page, so that memory does not grow with them.
 *
 * @throws RefusalError where there is no such session, also when it is deleted meanwhile; and where the file cannot be
 *   written there. Nothing is left of it then.
 */
export async function exportPortable(
  source: Source,
  { sessionId, path, includeSecrets }: ValidParams<"session/export">,
): Promise<Result<"session/export">> {
  const session = source.session(sessionId);
  const total = PORTABLE_KINDS.reduce((sum, kind) => sum + kind.countOf(session), 0);
  const transfer = source.transfers.begin({ kind: "export", sessionId, path, total, unit: "items" });
  const writing = new Writing(source, session, includeSecrets);
  const pieces = writing.pieces((lines) => transfer.advanceTo(lines));
  const bytes = path.endsWith(".gz") ? compressed(pieces) : pieces;
  const sizeBytes = await writeNewFile(source, path, bytes).finally(() => transfer.end());
  const { activity = 0, message = 0 } = writing.lines;
  return { path, sizeBytes, activities: activity, messages: message, damaged: writing.damagedInAll };
}

/** One file being written. */
class Writing {
  readonly #source: Source;
  readonly #session: Session;
  readonly #includeSecrets: boolean;
  /** Of one tick with the session: what comes in during the reading is not in the file. */
  readonly #upToSeq: number;
  readonly #hash = createHash("sha256");
  readonly lines: Record<string, number> = {};
  readonly #damaged: Record<string, number> = {};

  constructor(source: Source, session: Session, includeSecrets: boolean) {
    this.#source = source;
    this.#session = session;
    this.#includeSecrets = includeSecrets;
    this.#upToSeq = source.journal.committed;
  }

  get damagedInAll(): number {
    return Object.values(this.#damaged).reduce((sum, count) => sum + count, 0);
  }

  async *pieces(onLines: (lines: number) => void): AsyncGenerator<Buffer> {
    yield this.#hashed([this.#header(), lineOfSession(this.#session, this.#includeSecrets)]);
    const [source, session, upToSeq] = [this.#source, this.#session, this.#upToSeq];
    let before = 0;
    for (const kind of PORTABLE_KINDS) {
      let count = 0;
      const isNone = kind.countOf(session) === 0;
      for await (const page of isNone ? [] : readBodies(source, session, { kind: kind.of, upToSeq })) {
        yield this.#hashed(page.map((body) => ({ line: kind.name, ...kind.toLine(body) })));
        count += page.length;
        onLines(before + count);
      }
      before += count;
      this.lines[kind.name] = count;
      // The session has counted them, so that also those are told whose file is gone, or cut short.
      this.#damaged[kind.name] = Math.max(0, kind.countOf(session) - count);
    }
    const { lines } = this;
    const end: PortableEnd = { line: "end", lines, damaged: this.#damaged, sha256: this.#hash.digest("hex") };
    yield Buffer.from(`${JSON.stringify(end)}\n`);
  }

  #header(): PortableHeader {
    return {
      format: PORTABLE_FORMAT,
      version: PORTABLE_VERSION,
      sessionId: this.#session.sessionId,
      exportedAt: showTime(this.#source.clock.nowMs()),
      secrets: this.#includeSecrets ? "included" : "left out",
    };
  }

  #hashed(lines: readonly object[]): Buffer {
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    this.#hash.update(bytes);
    return bytes;
  }
}
