import { randomBytes, randomUUID } from "node:crypto";
import { homedir } from "node:os";

import { baseEnvironment, TOKEN_VARIABLE } from "../process/environment.js";
import { RefusalError } from "../protocol/errors.js";
import type { Result, ValidParams } from "../protocol/types.js";
import { stallLimits } from "../session/stall.js";
import type { Session } from "../session/state.js";
import type { After, SubmitOptions } from "./ledger.js";
import { showExecution } from "./show/execution.js";
import { withoutUndefined } from "./show/session.js";
import type { Supervisor } from "./supervisor.js";
import { uuidv7 } from "./uuidv7.js";

/** Asked for once: it may be read from a file, and later there may be no descriptor left for that. */
const HOME = homeOrRoot();

type StartFields = Omit<ValidParams<"command/start">, "idempotencyKey" | "lease">;

/** Submits a command. What the call leaves out comes from the session, and what that leaves out from defaults. */
export async function startCommand(
  supervisor: Supervisor,
  fields: StartFields,
  { call, lease }: Pick<SubmitOptions, "call" | "lease">,
): Promise<Result<"command/start">> {
  // First of all: the session of a repeated call may have been deleted since.
  const repeated = supervisor.repeat(call);
  if (repeated !== undefined) return (await repeated) as Result<"command/start">;
  const session = supervisor.session(fields.sessionId);
  const { config } = session;
  const commandId = fields.commandId ?? uuidv7(supervisor.clock.nowMs(), randomUUID());
  const token = randomBytes(16).toString("hex");
  const command = {
    type: "command/start",
    sessionId: session.sessionId,
    commandId,
    name: fields.name,
    argv: fields.argv,
    cwd: fields.cwd ?? session.workingDirectory ?? HOME,
    token,
    limits: {
      startToCloseMs: fields.startToCloseMs ?? config.startToCloseMs,
      scheduleToCloseMs: fields.scheduleToCloseMs ?? 0,
      ...stallLimits(fields, config),
      graceMs: fields.graceMs ?? config.graceMs,
      maxOutputBytes: fields.maxOutputBytes ?? config.maxOutputBytes,
      ...withoutUndefined(fields.limits ?? {}),
    },
    retry: retryOf(config.retry, fields),
    ...(fields.mergeStderr === true ? { mergeStderr: true } : {}),
    ...(fields.openStdin === true ? { openStdin: true } : {}),
  } as const;
  const show = ({ execution }: After): object => (execution === undefined ? {} : showExecution(execution));
  const env = environmentOf(supervisor.socket, session, fields.env, { commandId, token, lease });
  const answer = await supervisor.runner.withInputs(command, { env, stdin: fields.stdin }, () =>
    supervisor.submit(command, { call, lease, show }),
  );
  return answer as Result<"command/start">;
}

/** Input that is given while a command runs cannot be given again: such a command is tried once, whatever its session says. */
function retryOf(
  usual: Session["config"]["retry"],
  { openStdin = false, stdin, retry }: StartFields,
): Session["config"]["retry"] {
  const wanted = { ...usual, ...withoutUndefined(retry ?? {}) };
  if (!openStdin) return wanted;
  const other = stdin === undefined ? ((retry?.maxAttempts ?? 1) > 1 ? "retries" : undefined) : "stdin";
  if (other === undefined) return { ...wanted, maxAttempts: 1 };
  const message = `openStdin and ${other} do not go together: what a command was given while it ran cannot be given again.`;
  throw new RefusalError({ type: "invalid_params", message, hint: `leave one of them out` });
}

function homeOrRoot(): string {
  try {
    return homedir();
  } catch {
    // A user whom the system does not know, with no HOME either.
    return "/";
  }
}

/**
 * The environment of the call, not the daemon's; over it what the session sets, and what a command needs to
 * find its way back.
 *
 * The lease that the call showed is handed on: whoever starts a command under a lease lets it work for the session, and
 * without it the command could not write there. It proves no identity, since all who reach the socket are one user, and
 * anybody may take over; but it is fenced as its holder is: what a command writes after somebody took the session over
 * is refused. What the caller has of another session, being a command itself, is not handed on.
 */
function environmentOf(
  socket: string | undefined,
  session: Session,
  callers: Readonly<Record<string, string>> | undefined,
  own: { readonly commandId: string; readonly token: string; readonly lease: string | undefined },
): Record<string, string> {
  const { SESSIOND_LEASE: _, SESSIOND_WORKSPACE: __, ...others } = callers ?? baseEnvironment(process.env);
  return {
    ...others,
    ...session.environment,
    ...(socket === undefined ? {} : { SESSIOND_SOCKET: socket }),
    SESSIOND_SESSION_ID: session.sessionId,
    ...workspaceVariable(session),
    ...(own.lease === undefined ? {} : { SESSIOND_LEASE: own.lease }),
    SESSIOND_COMMAND_ID: own.commandId,
    [TOKEN_VARIABLE]: own.token,
  };
}

function workspaceVariable({ workspace }: Session): Record<string, string> {
  return workspace === undefined ? {} : { SESSIOND_WORKSPACE: workspace.path };
}
