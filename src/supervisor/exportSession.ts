import { ExportFileError, writeExportFile } from "../content/exportFile.js";
import { RefusalError } from "../protocol/errors.js";
import { LIMITS } from "../protocol/limits.js";
import type { Result } from "../protocol/types.js";
import type { Session } from "../session/state.js";
import type { ActivityBody } from "./bodyOf.js";
import type { BodyCursor } from "./bodyPage.js";
import { activityInFile, sessionInFile } from "./files/sessionShape.js";
import type { Supervisor } from "./supervisor.js";

/** What an export needs of the supervisor. */
type Source = Pick<Supervisor, "session" | "bodies" | "journal" | "dataDir">;

/**
 * Writes one session as it is durable now into a new file, with all its activities. They are read page by page, so a
 * session of any size takes the memory of one page.
 *
 * @throws RefusalError where there is no such session, also when it is deleted meanwhile; and where the file cannot be
 *   written there. Nothing is left of it then.
 */
export async function exportSession(
  source: Source,
  sessionId: string,
  path: string,
): Promise<Result<"session/export">> {
  // Both of one tick: what comes in during the reading is not in the file.
  const session = source.session(sessionId);
  const upToSeq = source.journal.committed;
  let activities = 0;
  const pieces = async function* (): AsyncGenerator<string> {
    // What closes the object comes last, behind the activities.
    yield `${JSON.stringify(sessionInFile(session), undefined, 2).slice(0, -2)},\n  "activity_log": [`;
    for await (const page of activitiesOf(source, session, upToSeq)) {
      const lines = page.map((body) => `    ${JSON.stringify(activityInFile(body))}`);
      yield `${activities === 0 ? "" : ","}\n${lines.join(",\n")}`;
      activities += page.length;
    }
    yield activities === 0 ? "]\n}\n" : "\n  ]\n}\n";
  };
  try {
    const sizeBytes = await writeExportFile(path, source.dataDir, pieces());
    // The session has counted them, so that also those are told whose file is gone, or cut short.
    return { path, sizeBytes, activities, damaged: Math.max(0, session.activities - activities) };
  } catch (error) {
    if (!(error instanceof ExportFileError)) throw error;
    const hint = "name a file that is not there yet, in a folder that is, outside of the data folder";
    throw new RefusalError({ type: "invalid_params", message: error.message, hint });
  }
}

/** The activities up to a seq that can be read, oldest first, in pages none of which is empty. */
async function* activitiesOf(
  source: Source,
  session: Session,
  upToSeq: number,
): AsyncGenerator<readonly ActivityBody[]> {
  let cursor: BodyCursor | undefined;
  if (session.activities === 0) return;
  do {
    const page = await source.bodies.read(session, "activities", {
      order: "oldest",
      limit: LIMITS.pageItems,
      cursor,
    });
    mustBeThere(source, session);
    const bodies = page.items.filter((item) => "seq" in item);
    const wanted = bodies.filter(({ seq }) => seq <= upToSeq);
    if (wanted.length > 0) yield wanted;
    if (wanted.length < bodies.length) return;
    cursor = page.next;
  } while (cursor !== undefined);
}

/** A session that was deleted has lost its activities, and what was read of them may be a part. */
function mustBeThere(source: Source, { sessionId, createdSeq }: Session): void {
  if (source.session(sessionId).createdSeq === createdSeq) return;
  const message = `Session ${sessionId} was deleted while it was exported; there is another one of this id now.`;
  throw new RefusalError({ type: "session_not_found", message, hint: "nothing is left of the file" });
}
