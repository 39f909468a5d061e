import { writeInvocationFiles } from "../../content/invocationFiles.js";
import { removeContent } from "../../content/outputFolder.js";
import { registryPieces } from "../../content/registryFile.js";
import type { SessionFolder, Shelf } from "../../content/sessionFolder.js";
import type { Clock } from "../../schedule/clock.js";
import type { CommittedView } from "../layered.js";
import type { Session } from "../../session/state.js";
import type { Bodies } from "../bodies.js";
import type { SupervisorLog } from "../options.js";
import { type FoundFile, inspect, type Stray } from "./inspect.js";
import { activityLog, metadataInFile, registryEntry, sessionInFile } from "./sessionShape.js";

export interface SessionFileParts {
  readonly folder: SessionFolder;
  /** Sessions as they are durable. */
  readonly sessions: CommittedView<Session>;
  /** Number of the last event that is durable. */
  readonly committedSeq: () => number;
  readonly bodies: Pick<Bodies, "read">;
  readonly contentDir: string;
  /** Ids of what was invoked in a session, oldest first. */
  readonly invocationIdsOf: (sessionId: string) => readonly string[];
  readonly clock: Clock;
  readonly log: SupervisorLog;
}

/** How many activities a session's file shows. */
const ACTIVITIES = 100;

/** Where the file of a session belongs. */
export function shelfOf(session: Session): Shelf {
  return session.archivedAt === undefined ? "sessions" : "archive";
}

/** Writes the files for people as the state is now; what is damaged it sets aside before. */
export class SessionFileWriter {
  readonly #parts: SessionFileParts;
  /** Files of sessions that this journal does not know, by the id that they are about. */
  readonly #strays = new Map<string, Extract<Stray, { kind: "foreign" }>>();

  constructor(parts: SessionFileParts) {
    this.#parts = parts;
  }

  /** Writes the file of a session, or removes it where there is none of that id any more. */
  async write(sessionId: string): Promise<void> {
    const { folder, sessions } = this.#parts;
    const session = sessions.get(sessionId);
    // A session that came and went since has no file, so one that lies there is not its own.
    if (session === undefined) return this.#strays.has(sessionId) ? undefined : folder.remove(sessionId);
    const text = await this.#textOf(session);
    await this.#makeWay(session);
    await this.setAsideDamaged(session);
    // First: a start that finds the session's own file current takes it that these are.
    if (session.totals.invocations + session.invocations.running > 0) await this.#writeInvocations(session);
    await folder.write(sessionId, text, shelfOf(session));
  }

  /** Takes note of a file that may be the last copy of its session: none of that id is written over it. */
  keepStray(stray: Extract<Stray, { kind: "foreign" }>): void {
    this.#strays.set(stray.sessionId, stray);
  }

  async writeRegistry(): Promise<void> {
    const { folder, sessions } = this.#parts;
    const fault = await folder.faultOfRegistry();
    if (fault !== undefined) await this.setAside(folder.registryPath, fault);
    // All of one moment: the objects never change, so they can be written slice by slice.
    const all = [...sessions.values()];
    const entries = (function* () {
      for (const session of all) yield [session.sessionId, registryEntry(session)] as const;
    })();
    await folder.writeRegistry(registryPieces(entries));
  }

  /** Looks at the file of a session, and sets it aside where it is not what a daemon wrote. */
  async setAsideDamaged(session: Session): Promise<FoundFile> {
    const { folder } = this.#parts;
    const shelf = shelfOf(session);
    const found = await inspect(folder, session, shelf);
    if (found.state === "damaged") {
      await this.setAside(folder.pathOf(session.sessionId, shelf), found.fault, session.sessionId);
    }
    return found;
  }

  async setAside(path: string, reason: string, sessionId?: string): Promise<void> {
    const { folder, clock, log } = this.#parts;
    const setAside = await folder.setAside(path, clock.nowMs());
    const fields = { event: "files.damaged", file: path, setAside, reason, sessionId };
    log.warn(fields, "A damaged file was set aside; it is written anew from the journal");
  }

  /** Sets a file aside that is of an earlier session of this id, unless this session was imported from it. */
  async #makeWay({ sessionId, createdAt }: Session): Promise<void> {
    const { folder } = this.#parts;
    const stray = this.#strays.get(sessionId);
    if (stray === undefined) return;
    if (stray.createdAt !== createdAt && (await folder.has(sessionId, stray.shelf)))
      await this.setAside(
        folder.pathOf(sessionId, stray.shelf),
        "it is of another session of this id",
        sessionId,
      );
    this.#strays.delete(sessionId);
  }

  /** Where tools were used, the session's own folder says which, beside what is kept of them. */
  async #writeInvocations(session: Session): Promise<void> {
    const { sessions, contentDir, invocationIdsOf } = this.#parts;
    const metadata = metadataInFile(session);
    await writeInvocationFiles(contentDir, session, {
      metadata,
      invocationIds: invocationIdsOf(session.sessionId),
    });
    // Deleted meanwhile, it has lost its folder already, and has it again.
    if (sessions.get(session.sessionId)?.createdSeq !== session.createdSeq)
      await removeContent(contentDir, session);
  }

  async #textOf(session: Session): Promise<string> {
    const { bodies, committedSeq } = this.#parts;
    const file = sessionInFile(session);
    // What comes in during the reading belongs to the next time: the count in the file is the session's.
    const upToSeq = committedSeq();
    const page =
      session.activities === 0
        ? { items: [], next: undefined }
        : await bodies.read(session, "activities", { order: "newest", limit: ACTIVITIES });
    return `${JSON.stringify({ ...file, activity_log: activityLog(page, upToSeq) }, undefined, 2)}\n`;
  }
}
