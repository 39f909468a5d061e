import { text } from "node:stream/consumers";

import type { Params } from "../../../client/index.js";
import type { Verb } from "../context.js";
import { findSession } from "../sessionRef.js";

interface SayOptions {
  readonly role?: Params<"message/append">["role"];
  readonly tool?: string;
}

/** Appends a message to a session's conversation. */
export const say: Verb<SayOptions> = async (context, options, [given = "", ...words]) => {
  const { role = "user", tool: toolName } = options;
  const content = words.length === 1 && words[0] === "-" ? await text(context.io.stdin) : words.join(" ");
  const said = await context.withClient(async (client) => {
    const { sessionId } = await findSession(client, given);
    return client.message.append({ sessionId, role, content, toolName });
  });
  await context.print(said, () => `Message ${said.index}\n`);
  return 0;
};
