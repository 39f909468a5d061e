import { setImmediate as turn } from "node:timers/promises";

import type { FolderOwner } from "../../content/places.js";
import type { Serial } from "../../serial.js";
import { findStrays, type Stray } from "./inspect.js";
import { type SessionFileParts, type SessionFileWriter, shelfOf } from "./sessionFileWriter.js";

interface StartLookParts extends SessionFileParts {
  readonly writer: SessionFileWriter;
  /** Whether a session is known to have been deleted, by the replay or since. */
  readonly wasDeleted: (owner: FolderOwner) => boolean;
  /** The one row in which files are written. */
  readonly writes: Serial;
  /** A session's file is to be written, or removed. */
  readonly onDue: (sessionId: string) => void;
  readonly isClosing: () => boolean;
}

/**
 * Holds every file against the state once, a turn of the loop for each: what is damaged is set aside, what is
 * missing or behind is due, and what a deleted session left goes.
 */
export async function lookAtStart(parts: StartLookParts): Promise<void> {
  const { folder, sessions, writes, isClosing } = parts;
  // In the row of writes: what is half written then was left by a crash, and is none of ours.
  const names = await writes.run(async () => ({
    sessions: await folder.list("sessions"),
    archive: await folder.list("archive"),
  }));
  const all = [...sessions.keys()];
  for (const sessionId of all) {
    if (isClosing()) return;
    await writes.run(() => lookAtOne(parts, sessionId));
    await turn();
  }
  for await (const stray of findStrays(folder, names, parts)) {
    if (isClosing()) return;
    await writes.run(() => clear(parts, stray));
  }
}

async function lookAtOne(
  { folder, sessions, writer, onDue }: StartLookParts,
  sessionId: string,
): Promise<void> {
  const session = sessions.get(sessionId);
  if (session === undefined) return;
  const found = await writer.setAsideDamaged(session);
  const isTwice = await folder.has(sessionId, shelfOf(session) === "archive" ? "sessions" : "archive");
  if (found.state !== "current" || isTwice) onDue(sessionId);
}

async function clear({ sessions, writer, log, onDue }: StartLookParts, stray: Stray): Promise<void> {
  const { sessionId, path } = stray;
  // Meanwhile it may have become the file of a session.
  if (sessions.has(sessionId)) return;
  if (stray.kind === "deleted") return onDue(sessionId);
  if (stray.kind === "damaged") return writer.setAside(path, stray.fault, sessionId);
  writer.keepStray(stray);
  const message = "There is no session of this file; `sessiond import` takes it over, or remove it";
  log.warn({ event: "files.stray", file: path }, message);
}
