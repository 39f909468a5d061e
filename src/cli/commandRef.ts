import { SessiondError, type Client, type CommandShape } from "../../client/index.js";
import { CliError } from "./cliError.js";
import { EXIT } from "./exitCodes.js";
import { findSession } from "./sessionRef.js";

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A command that somebody means, and how many others run in its session. */
export interface FoundCommand {
  readonly command: CommandShape;
  readonly others: number;
}

/**
 * The command that a person means: by its id, by its session (the newest that runs there, else the newest), or by the
 * beginning of its id, while it runs.
 *
 * @throws {CliError} when there is none
 */
export async function findCommand(client: Client, given: string): Promise<FoundCommand> {
  const exact = await withId(client, given);
  if (exact !== undefined) return { command: exact, others: 0 };
  try {
    const { sessionId } = await findSession(client, given);
    return await ofSession(client, sessionId, given);
  } catch (error) {
    if (!(error instanceof CliError) || error.type !== "session_not_found") throw error;
    const command = await withPrefix(client, given);
    if (command !== undefined) return { command, others: 0 };
    const message = `There is no session ${JSON.stringify(given)}, and no command.`;
    throw noCommand(message, "see what runs with: sessiond list --status active");
  }
}

async function withId(client: Client, given: string): Promise<CommandShape | undefined> {
  if (!ID.test(given)) return undefined;
  try {
    return await client.command.get({ commandId: given });
  } catch (error) {
    if (error instanceof SessiondError && error.type === "command_not_found") return undefined;
    throw error;
  }
}

async function ofSession(client: Client, sessionId: string, given: string): Promise<FoundCommand> {
  const running = await client.command.list({ sessionId, status: "running", limit: 1 });
  const [command] =
    running.items.length > 0 ? running.items : (await client.command.list({ sessionId, limit: 1 })).items;
  if (command !== undefined) return { command, others: Math.max(0, running.total - 1) };
  const hint = `run one in it with: sessiond run --session ${given} -- <command>`;
  throw noCommand(`Session ${JSON.stringify(given)} has no commands.`, hint);
}

async function withPrefix(client: Client, prefix: string): Promise<CommandShape | undefined> {
  if (!ID.test(prefix)) return undefined;
  const found: CommandShape[] = [];
  for await (const command of client.pages("command/list", { status: "running", limit: 1_000 }))
    if (command.commandId.startsWith(prefix)) found.push(command);
  if (found.length < 2) return found[0];
  const message = `${found.length} commands that run begin with ${JSON.stringify(prefix)}.`;
  throw new CliError(message, { type: "ambiguous", exitCode: EXIT.failure, hint: "give more of the id" });
}

function noCommand(message: string, hint: string): CliError {
  return new CliError(message, { type: "command_not_found", exitCode: EXIT.failure, hint });
}
