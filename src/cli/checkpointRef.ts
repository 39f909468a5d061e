import type { Client, Result } from "../../client/index.js";
import { CliError } from "./cliError.js";
import { EXIT } from "./exitCodes.js";

type Checkpoint = Result<"checkpoint/list">["items"][number];

/** All checkpoints of a session, newest first. */
export async function allCheckpoints(client: Client, sessionId: string): Promise<Checkpoint[]> {
  const all: Checkpoint[] = [];
  for await (const one of client.pages("checkpoint/list", { sessionId, limit: 1_000 })) all.push(one);
  return all;
}

/**
 * The checkpoint that a person means: by its id, by its label (the newest of that label), or by the beginning of an id
 * that no other one of the session shares.
 *
 * @throws {CliError} when there is none, or more than one
 */
export async function findCheckpoint(client: Client, sessionId: string, given: string): Promise<Checkpoint> {
  const all = await allCheckpoints(client, sessionId);
  const exact =
    all.find(({ checkpointId }) => checkpointId === given) ?? all.find(({ label }) => label === given);
  if (exact !== undefined) return exact;
  const [only, ...others] =
    given === "" ? [] : all.filter(({ checkpointId }) => checkpointId.startsWith(given));
  if (only !== undefined && others.length === 0) return only;
  const quoted = JSON.stringify(given);
  const hint = `see those that there are with: sessiond checkpoints ${sessionId}`;
  if (only === undefined) {
    const message = `Session ${sessionId} has no checkpoint ${quoted}.`;
    throw new CliError(message, { type: "checkpoint_not_found", exitCode: EXIT.failure, hint });
  }
  const message = `More than one checkpoint of session ${sessionId} begins with ${quoted}.`;
  throw new CliError(message, { type: "ambiguous", exitCode: EXIT.failure, hint });
}
