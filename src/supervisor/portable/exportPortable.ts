import { createHash } from "node:crypto";

import { compressed } from "../../content/portableLines.js";
import {
  PORTABLE_FORMAT,
  PORTABLE_VERSION,
  type PortableEnd,
  type PortableHeader,
  type PortableSession,
} from "../../protocol/portableFile.js";
import type { Result, ValidParams } from "../../protocol/types.js";
import type { Session } from "../../session/state.js";
import { type ExportSource, writeNewFile } from "../exportSession.js";
import { showTime } from "../show/session.js";
import type { Supervisor } from "../supervisor.js";
import { lineOfSession } from "./portableSession.js";
import { type Section, type SectionSource, sectionsOf } from "./sections.js";

type Source = SectionSource & ExportSource & Pick<Supervisor, "clock">;

/** Whether a file of that name gets everything of a session, and not the documented shape. */
export function isPortableName(path: string): boolean {
  return /\.jsonl(?:\.gz)?$/.test(path);
}

/**
 * Writes everything of a session as it is durable now into a new file: a line for the session, one for each body, each
 * checkpoint, each command and each piece of output, and a checksum over them. They are read page by page, so that
 * memory does not grow with them.
 *
 * @throws RefusalError where there is no such session, also when it is deleted meanwhile; and where the file cannot be
 *   written there. Nothing is left of it then.
 */
export async function exportPortable(
  source: Source,
  { sessionId, path, includeSecrets }: ValidParams<"session/export">,
): Promise<Result<"session/export">> {
  const session = source.session(sessionId);
  const sections = await sectionsOf(source, session, includeSecrets);
  const total = sections.reduce((sum, section) => sum + section.total, 0);
  const transfer = source.transfers.begin({ kind: "export", sessionId, path, total, unit: "items" });
  const writing = new Writing(headerOf(source, session, includeSecrets), sections);
  const pieces = writing.pieces(lineOfSession(session, includeSecrets), (lines) => transfer.advanceTo(lines));
  const bytes = path.endsWith(".gz") ? compressed(pieces) : pieces;
  const sizeBytes = await writeNewFile(source, path, bytes).finally(() => transfer.end());
  const { activity = 0, message = 0 } = writing.lines;
  return { path, sizeBytes, activities: activity, messages: message, damaged: writing.damagedInAll };
}

function headerOf(source: Source, { sessionId }: Session, includeSecrets: boolean): PortableHeader {
  return {
    format: PORTABLE_FORMAT,
    version: PORTABLE_VERSION,
    sessionId,
    exportedAt: showTime(source.clock.nowMs()),
    secrets: includeSecrets ? "included" : "left out",
  };
}

/** One file being written. */
class Writing {
  readonly #header: PortableHeader;
  readonly #sections: readonly Section[];
  readonly #hash = createHash("sha256");
  readonly lines: Record<string, number> = {};
  readonly #damaged: Record<string, number> = {};

  constructor(header: PortableHeader, sections: readonly Section[]) {
    this.#header = header;
    this.#sections = sections;
  }

  get damagedInAll(): number {
    return Object.values(this.#damaged).reduce((sum, count) => sum + count, 0);
  }

  async *pieces(session: PortableSession, onLines: (lines: number) => void): AsyncGenerator<Buffer> {
    yield this.#hashed([this.#header, session]);
    let before = 0;
    for (const section of this.#sections) {
      const { name, total } = section;
      let count = 0;
      for await (const page of total === 0 ? [] : section.pages()) {
        yield this.#hashed(page);
        count += page.length;
        onLines(before + count);
      }
      before += count;
      this.lines[name] = count;
      // The session knows of them, so that also those are told whose file is gone, or cut short.
      this.#damaged[name] = Math.max(0, total - count);
    }
    const { lines } = this;
    const end: PortableEnd = { line: "end", lines, damaged: this.#damaged, sha256: this.#hash.digest("hex") };
    yield Buffer.from(`${JSON.stringify(end)}\n`);
  }

  #hashed(lines: readonly object[]): Buffer {
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    this.#hash.update(bytes);
    return bytes;
  }
}
