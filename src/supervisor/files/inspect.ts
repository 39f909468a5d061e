import { join } from "node:path";

import type { FolderOwner } from "../../content/places.js";
import { idOfFileName } from "../../content/sessionFileName.js";
import type { SessionFolder, Shelf } from "../../content/sessionFolder.js";
import type { CommittedView } from "../layered.js";
import type { Session } from "../../session/state.js";
import { sessionInFile } from "./sessionShape.js";

/** What lies where a session's file belongs, held against the session. */
export type FoundFile =
  | { readonly state: "current" | "stale" | "missing" }
  /** It is not what a daemon wrote: `fault` says why. */
  | { readonly state: "damaged"; readonly fault: string };

/** Looks at the file of a session. */
export async function inspect(folder: SessionFolder, session: Session, shelf: Shelf): Promise<FoundFile> {
  const { sessionId } = session;
  const read = await folder.read(folder.pathOf(sessionId, shelf));
  if ("isMissing" in read) return { state: "missing" };
  if ("fault" in read) return { state: "damaged", fault: read.fault };
  const fault = faultOfFile(read.value, sessionId);
  if (fault !== undefined) return { state: "damaged", fault };
  const { created_seq: createdSeq } = read.value as { readonly created_seq?: unknown };
  if (typeof createdSeq !== "number") return { state: "damaged", fault: "it was not written by this daemon" };
  // The last field says how many activities there are, and those of a session never change.
  const { activity_log: _, ...rest } = read.value as Readonly<Record<string, unknown>>;
  const isCurrent = JSON.stringify(rest) === JSON.stringify(sessionInFile(session));
  return { state: isCurrent ? "current" : "stale" };
}

/** A file that is named as one of a session, and belongs to none. */
export type Stray = { readonly sessionId: string; readonly path: string; readonly shelf: Shelf } & (
  | { readonly kind: "deleted" }
  /** `createdAt` is what it says of its session, in milliseconds; NaN where that is no time. */
  | { readonly kind: "foreign"; readonly createdAt: number }
  | { readonly kind: "damaged"; readonly fault: string }
);

/**
 * The files that belong to no session. Only what was written for a session that is known to have been deleted is a
 * leftover, and may go; anything else may be all that somebody has of it. That its seq is one that this journal has
 * had proves nothing: the journal may be another one, which has come that far since.
 */
export async function* findStrays(
  folder: SessionFolder,
  names: Readonly<Record<Shelf, ReadonlySet<string>>>,
  state: {
    readonly sessions: CommittedView<Session>;
    readonly wasDeleted: (owner: FolderOwner) => boolean;
  },
): AsyncGenerator<Stray> {
  for (const [shelf, dir] of [
    ["sessions", folder.path],
    ["archive", folder.archivePath],
  ] as const) {
    for (const name of names[shelf]) {
      const sessionId = idOfFileName(name);
      if (sessionId === undefined || name.endsWith(".gz") !== (shelf === "archive")) continue;
      if (state.sessions.has(sessionId)) continue;
      const path = join(dir, name);
      const read = await folder.read(path);
      if ("isMissing" in read) continue;
      const fault = "fault" in read ? read.fault : faultOfFile(read.value, sessionId);
      if (fault !== undefined) yield { sessionId, path, shelf, kind: "damaged", fault };
      else if ("value" in read) {
        const file = read.value as { readonly created_seq?: unknown; readonly created_at?: unknown };
        const { created_seq: createdSeq } = file;
        if (typeof createdSeq === "number" && state.wasDeleted({ sessionId, createdSeq }))
          yield { sessionId, path, shelf, kind: "deleted" };
        else
          yield { sessionId, path, shelf, kind: "foreign", createdAt: Date.parse(String(file.created_at)) };
      }
    }
  }
}

function faultOfFile(value: unknown, sessionId: string): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "it holds no object";
  const found = (value as { readonly session_id?: unknown }).session_id;
  if (found === sessionId) return undefined;
  return typeof found === "string"
    ? `its session_id is ${JSON.stringify(found.slice(0, 128))}, and its name says "${sessionId}"`
    : "it has no session_id";
}
