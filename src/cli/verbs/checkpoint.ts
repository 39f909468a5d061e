import type { Verb } from "../context.js";
import { findSession } from "../sessionRef.js";

/** Keeps a session as it is now. */
export const checkpoint: Verb<object> = async (context, _, [given = "", label]) => {
  const made = await context.withClient(async (client) => {
    const { sessionId } = await findSession(client, given);
    return client.checkpoint.create({ sessionId, ...(label === undefined ? {} : { label }) });
  });
  await context.print(made, () => `made checkpoint ${made.checkpointId}\n`);
  return 0;
};
