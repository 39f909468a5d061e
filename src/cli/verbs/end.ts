import type { EndStatus } from "../../../client/index.js";
import type { Verb } from "../context.js";
import { findSession } from "../sessionRef.js";
import { statusWords } from "../statusWords.js";

interface EndOptions {
  readonly status?: EndStatus;
  readonly reason?: string;
}

/** Ends a session; the daemon stops what runs in it. */
export const end: Verb<EndOptions> = async (context, { status = "completed", reason }, [given = ""]) => {
  const ended = await context.withClient(async (client) => {
    const { sessionId } = await findSession(client, given);
    return client.session.end({ sessionId, status, ...(reason === undefined ? {} : { reason }) });
  });
  await context.print(ended, () => `${ended.sessionId} is ${statusWords(ended.status)}\n`);
  return 0;
};
