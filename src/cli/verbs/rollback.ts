import { findCheckpoint } from "../checkpointRef.js";
import type { Verb } from "../context.js";
import { findSession } from "../sessionRef.js";
import { statusWords } from "../statusWords.js";

/** Brings a session back to a checkpoint, and says how that is undone. */
export const rollback: Verb<object> = async (context, _, [given = "", which]) => {
  const restored = await context.withClient(async (client) => {
    const { sessionId } = await findSession(client, given);
    if (which === undefined) return client.checkpoint.restore({ sessionId });
    const { checkpointId } = await findCheckpoint(client, sessionId, which);
    return client.checkpoint.restore({ sessionId, checkpointId });
  });
  const { sessionId, status, messages, undo } = restored;
  await context.print(
    restored,
    () =>
      `${sessionId} is back at checkpoint ${restored.restored}: ${statusWords(status)}, ${messages} messages\n` +
      `to undo this: sessiond rollback ${sessionId} ${undo}\n`,
  );
  return 0;
};
