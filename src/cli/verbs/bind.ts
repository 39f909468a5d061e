import type { Params } from "../../../client/index.js";
import { CliError } from "../cliError.js";
import type { Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { findSession } from "../sessionRef.js";
import { printable } from "../textWidth.js";

interface BindOptions {
  readonly onExit?: NonNullable<Params<"session/bind">["onExit"]>;
}

/** Binds a session to a process of somebody else's making. */
export const bind: Verb<BindOptions> = async (context, { onExit = "exit_code" }, [given = "", text = ""]) => {
  const pid = pidOf(text);
  const bound = await context.withClient(async (client) => {
    const { sessionId } = await findSession(client, given);
    return client.session.bind({ sessionId, pid, onExit });
  });
  await context.print(bound, () => {
    const name = bound.binding?.name;
    const its = name === undefined ? "" : ` (${printable(name)})`;
    return `${bound.sessionId} ends with process ${pid}${its}\n`;
  });
  return 0;
};

/** Lets a session go on without its process. */
export const unbind: Verb<object> = async (context, _, [given = ""]) => {
  const { session, before } = await context.withClient(async (client) => {
    const { sessionId, binding } = await findSession(client, given);
    return { session: await client.session.unbind({ sessionId }), before: binding };
  });
  await context.print(session, () =>
    before === undefined
      ? `${session.sessionId} was bound to no process\n`
      : `${session.sessionId} goes on without process ${before.pid}\n`,
  );
  return 0;
};

function pidOf(text: string): number {
  const pid = /^\d+$/.test(text) ? Number(text) : 0;
  if (Number.isSafeInteger(pid) && pid > 0) return pid;
  throw new CliError(`${JSON.stringify(text)} is no process id.`, {
    type: "usage",
    exitCode: EXIT.usage,
    hint: "give the number that the system has for it, such as 4711; see `ps` and `pgrep`",
  });
}
