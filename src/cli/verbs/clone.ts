import { counted } from "../humane.js";
import type { Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { withProgress } from "../progress.js";
import { findSession } from "../sessionRef.js";

interface CloneOptions {
  readonly through?: string;
  readonly name?: string;
}

/** Makes a session as a copy of another one; fails where not all of its messages could be read. */
export const clone: Verb<CloneOptions> = async (context, { through, name }, [given = ""]) => {
  const { source, made } = await context.withClient(async (client) => {
    const source = await findSession(client, given);
    const { sessionId } = source;
    const params = {
      sessionId,
      ...(name === undefined ? {} : { name }),
      // A number is a place in the conversation, as message/list shows it.
      ...(through === undefined
        ? {}
        : { throughMessage: /^[1-9]\d{0,14}$/.test(through) ? Number(through) : through }),
    };
    const isOurs = (one: { kind: string; sessionId?: string | undefined }): boolean =>
      one.kind === "clone" && one.sessionId === sessionId;
    return { source, made: await withProgress(context, client, isOurs, () => client.session.clone(params)) };
  });
  const { sessionId, messages, damaged } = made;
  const lost = damaged === 0 ? "" : `${counted(damaged, "damaged message")} could not be read.\n`;
  await context.print(
    made,
    () => `cloned ${source.sessionId} as ${sessionId}, with ${counted(messages, "message")}\n${lost}`,
  );
  return damaged === 0 ? EXIT.ok : EXIT.failure;
};
