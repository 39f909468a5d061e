import type { Client, SessionShape } from "../../../client/index.js";
import { CliError } from "../cliError.js";
import type { Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { findSession } from "../sessionRef.js";

interface RmOptions {
  readonly force?: boolean;
}

/** Deletes sessions. All of them are found before the first is deleted, so that a typing error deletes nothing. */
export const rm: Verb<RmOptions> = async (context, { force = false }, given) => {
  const deleted = await context.withClient(async (client) => {
    const found = new Map<string, SessionShape>();
    for (const each of given) {
      const session = await findSession(client, each);
      found.set(session.sessionId, session);
    }
    const sessions = [...found.values()];
    if (!force) sessions.forEach(refuseLiving);
    for (const session of sessions) await remove(client, session);
    return sessions.map(({ sessionId }) => sessionId);
  });
  await context.print({ deleted }, () => deleted.map((sessionId) => `deleted ${sessionId}\n`).join(""));
  return 0;
};

function refuseLiving({ sessionId, status, endedAt }: SessionShape): void {
  if (endedAt !== undefined) return;
  throw new CliError(`Session ${sessionId} is ${status}; nothing was deleted.`, {
    type: "invalid_transition",
    exitCode: EXIT.failure,
    hint: `end it with: sessiond end ${sessionId}, or give --force`,
  });
}

async function remove(client: Client, { sessionId, endedAt }: SessionShape): Promise<void> {
  if (endedAt === undefined)
    await client.session.end({ sessionId, status: "abandoned", reason: "deleted by force" });
  // The daemon deletes nothing under a command that is still being stopped.
  for await (const command of client.pages("command/list", { sessionId, limit: 1_000 })) {
    if (command.endedAt === undefined) await client.command.wait({ commandId: command.commandId });
  }
  await client.session.delete({ sessionId });
}
