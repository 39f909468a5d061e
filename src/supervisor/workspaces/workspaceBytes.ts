import { sizeBytesOf } from "../../content/sizeBytes.js";
import type { WorkspaceRecords } from "../../content/workspaceRecords.js";
import type { Git } from "../../process/git.js";
import { isEnded, type Session } from "../../session/state.js";
import { wouldRemove } from "./releaseWorkspace.js";

/**
 * Bytes of the folder that a session would take with it if it were deleted now; 0 where it would stay. One that goes on
 * is not asked about: git would have to look through a folder in which somebody works.
 *
 * @throws where that cannot be found out
 */
export async function workspaceBytes(
  tools: { readonly records: WorkspaceRecords; readonly git: Git },
  { sessionId, status, workspace }: Session,
): Promise<number> {
  if (workspace === undefined || workspace.released !== undefined || !isEnded(status)) return 0;
  const { token, keep } = workspace;
  const record = keep === "always" ? undefined : await tools.records.read({ sessionId, token });
  if (record === undefined || !(await wouldRemove(tools, record, keep))) return 0;
  return sizeBytesOf(record.path);
}
