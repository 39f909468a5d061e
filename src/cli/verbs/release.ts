import type { Verb } from "../context.js";
import { findSession } from "../sessionRef.js";
import { printable } from "../textWidth.js";

/** What others see as the holder, for as long as it takes. */
const HOLDER = "sessiond release";

/** Takes a session from whoever has claimed it, and lets it go: for a holder that hangs. */
export const release: Verb<object> = async (context, _, [given = ""]) => {
  const released = await context.withClient(async (client) => {
    const { sessionId, lease } = await findSession(client, given);
    if (lease !== undefined)
      await (await client.claim(sessionId, { takeover: true, holder: HOLDER })).release();
    return { sessionId, released: lease !== undefined, ...(lease === undefined ? {} : { lease }) };
  });
  await context.print(released, () => {
    const { sessionId, lease } = released;
    if (lease === undefined) return `nobody had claimed ${sessionId}\n`;
    return `${sessionId} is free; ${printable(lease.holder ?? "somebody")} had claimed it\n`;
  });
  return 0;
};
