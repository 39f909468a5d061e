import { ExportFileError, writeExportFile } from "../content/exportFile.js";
import { RefusalError } from "../protocol/errors.js";
import type { Result, ValidParams } from "../protocol/types.js";
import { activityInFile, sessionInFile } from "./files/sessionShape.js";
import { readBodies } from "./readBodies.js";
import type { Supervisor } from "./supervisor.js";

/** What an export needs of the supervisor. */
export type ExportSource = Pick<Supervisor, "session" | "bodies" | "journal" | "transfers" | "dataDir">;

/**
 * Writes one session as it is durable now into a new file in the documented shape, with all its activities. They are read
 * page by page, so a session of any size takes the memory of one page.
 *
 * @throws RefusalError where there is no such session, also when it is deleted meanwhile; and where the file cannot be
 *   written there. Nothing is left of it then.
 */
export async function exportSession(
  source: ExportSource,
  { sessionId, path, includeSecrets }: ValidParams<"session/export">,
): Promise<Result<"session/export">> {
  if (includeSecrets) throw noSecrets();
  // Both of one tick: what comes in during the reading is not in the file.
  const session = source.session(sessionId);
  const upToSeq = source.journal.committed;
  const total = session.activities;
  let activities = 0;
  const pieces = async function* (): AsyncGenerator<string> {
    // What closes the object comes last, behind the activities.
    yield `${JSON.stringify(sessionInFile(session), undefined, 2).slice(0, -2)},\n  "activity_log": [`;
    const bodies = total === 0 ? [] : readBodies(source, session, { kind: "activities", upToSeq });
    for await (const page of bodies) {
      const lines = page.map((body) => `    ${JSON.stringify(activityInFile(body))}`);
      yield `${activities === 0 ? "" : ","}\n${lines.join(",\n")}`;
      activities += page.length;
      transfer.advanceTo(activities);
    }
    yield activities === 0 ? "]\n}\n" : "\n  ]\n}\n";
  };
  const transfer = source.transfers.begin({ kind: "export", sessionId, path, total, unit: "items" });
  const sizeBytes = await writeNewFile(source, path, pieces()).finally(() => transfer.end());
  // The session has counted them, so that also those are told whose file is gone, or cut short.
  return { path, sizeBytes, activities, messages: 0, damaged: Math.max(0, total - activities) };
}

/** Writes a file of the user's own, and answers its size. @throws RefusalError where it cannot be written there */
export async function writeNewFile(
  { dataDir }: Pick<ExportSource, "dataDir">,
  path: string,
  pieces: AsyncIterable<string | Uint8Array>,
): Promise<number> {
  try {
    return await writeExportFile(path, dataDir, pieces);
  } catch (error) {
    if (!(error instanceof ExportFileError)) throw error;
    const hint = "name a file that is not there yet, in a folder that is, outside of the data folder";
    throw new RefusalError({ type: "invalid_params", message: error.message, hint });
  }
}

function noSecrets(): RefusalError {
  return new RefusalError({
    type: "invalid_params",
    message: "includeSecrets: the documented shape never has them.",
    hint: "name a file that ends in .jsonl or .jsonl.gz",
  });
}
