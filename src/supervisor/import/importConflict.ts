import { RefusalError } from "../../protocol/errors.js";

/** Sessions of these ids are there already, and the import was to be refused then. */
export function conflict(sessionIds: readonly string[]): RefusalError {
  const named = sessionIds.slice(0, 10).map((sessionId) => `"${sessionId}"`);
  const more = sessionIds.length > named.length ? ` and ${sessionIds.length - named.length} more` : "";
  return new RefusalError({
    type: "session_exists",
    message: `There are sessions of these ids already: ${named.join(", ")}${more}. Nothing was imported.`,
    hint: 'onConflict "rename" gives the imported ones free ids, "keep" leaves them out',
  });
}
