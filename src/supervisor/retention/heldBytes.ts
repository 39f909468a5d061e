import { contentSizeBytes } from "../../content/archivedFolder.js";
import type { Session } from "../../session/state.js";
import type { Bodies } from "../bodies.js";

/**
 * Bytes that a session holds on disk. What is on its way there is saved before, so that the next who asks gets the same;
 * where that fails, what is there counts.
 */
export async function heldBytes(
  bodies: Pick<Bodies, "saveOf">,
  contentDir: string,
  session: Session,
): Promise<number> {
  await bodies.saveOf(session.sessionId).catch(() => undefined);
  return contentSizeBytes(contentDir, session);
}
