import type { Client, SessionShape } from "../../../client/index.js";
import type { Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { findSession } from "../sessionRef.js";

/** The verbs that say where a session is kept, and for how long. */
export type Shelving = "pin" | "unpin" | "archive" | "unarchive" | "trash" | "untrash";

const DONE: Readonly<Record<Shelving, string>> = {
  pin: "pinned",
  unpin: "no longer pinned",
  archive: "archived",
  unarchive: "back from the archive",
  trash: "in the trash",
  untrash: "out of the trash",
};

/** Does it with sessions. All of them are found before the first is touched, so that a typing error does nothing. */
export function shelve(how: Shelving): Verb<object> {
  return async (context, _, given) => {
    const shelved = await context.withClient(async (client) => {
      const found = new Set<string>();
      for (const each of given) found.add((await findSession(client, each)).sessionId);
      const sessions: SessionShape[] = [];
      for (const sessionId of found) sessions.push(await call(client, how, sessionId));
      return sessions;
    });
    await context.print(shelved, () =>
      shelved.map(({ sessionId }) => `${sessionId} is ${DONE[how]}\n`).join(""),
    );
    return EXIT.ok;
  };
}

function call(client: Client, how: Shelving, sessionId: string): Promise<SessionShape> {
  return client.session[how]({ sessionId });
}
